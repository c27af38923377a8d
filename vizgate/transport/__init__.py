"""Sockets: byte streams with backpressure and deadlines, the upstream pool, listeners."""
