"""Serving in the foreground, with one process or with several."""
