"""HTTP/1.1 on real connections, downstream and upstream."""
