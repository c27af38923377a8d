"""From an accepted socket to a stream: PROXY header, TLS handshake."""
