"""API keys of which only hashes are stored."""
