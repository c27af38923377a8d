"""Texts with the values of a request in them."""
