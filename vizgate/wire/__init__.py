"""HTTP/1.1 as bytes in, values out: no sockets, no waiting."""
