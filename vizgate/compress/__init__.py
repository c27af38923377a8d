"""Content codings: compressing responses, unpacking requests."""
