"""Changing what passes and answering in place: header fields, rewritten paths, redirects, fixed answers, echo."""
