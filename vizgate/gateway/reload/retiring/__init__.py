"""The end of configurations that serve no more."""
