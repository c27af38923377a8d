"""Several processes as one gateway: a supervisor, and workers that serve."""
