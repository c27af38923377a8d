"""From a listening socket to a stream: who may knock, PROXY header, TLS handshake."""
