"""Cross-origin resource sharing (the Fetch standard's CORS protocol)."""
