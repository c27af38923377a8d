"""Noticing that a configuration has changed."""
