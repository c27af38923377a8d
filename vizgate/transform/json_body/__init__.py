"""Changing JSON bodies, each way."""
