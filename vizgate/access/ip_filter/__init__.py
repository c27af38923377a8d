"""Which addresses requests may come from."""
