"""Rules about who and what comes in."""
