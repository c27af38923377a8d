"""Targets out of a file that somebody else writes."""
