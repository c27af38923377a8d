"""The process that looks after the workers."""
