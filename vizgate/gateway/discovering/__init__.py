"""Services whose targets come and go: sources that run, and what a change of theirs rebuilds."""
