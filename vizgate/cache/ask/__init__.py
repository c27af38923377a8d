"""What a request asks of a cache."""
