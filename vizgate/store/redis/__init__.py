"""The store for many machines: programs run inside Redis, asked for over one pipelined connection."""
