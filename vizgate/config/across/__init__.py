"""Checks of one part of a configuration against the others, by subject."""
