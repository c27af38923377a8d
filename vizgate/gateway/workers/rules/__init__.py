"""What is decided about workers; values in, decisions out."""
