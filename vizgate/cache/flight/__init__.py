"""Requests of a cache to the service, and who waits for them."""
