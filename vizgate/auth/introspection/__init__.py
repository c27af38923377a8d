"""OAuth 2.0 access tokens that the authorization server is asked about (RFC 7662)."""
