"""Content codings: answers compressed for those who take them, request bodies inflated within limits."""
