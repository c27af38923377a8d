"""Parameters in paths, queries, header fields and cookies: how they are written, and what they stand for."""
