"""Clients that stay with their target."""
