"""The keys that tokens are verified with: reading them, choosing one, keeping them fresh."""
