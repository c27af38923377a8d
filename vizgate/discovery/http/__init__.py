"""Targets out of a JSON document that another server gives."""
