"""Watches whether the event loop turns."""
