"""Changing the query of a request."""
