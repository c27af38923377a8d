"""Requests that a browser was tricked into (cross-site request forgery)."""
