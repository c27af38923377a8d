"""User name and password (RFC 7617)."""
