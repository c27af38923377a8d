"""Addresses that operators keep out for a time."""
