"""Identity from the certificate that a client showed in its TLS handshake."""
