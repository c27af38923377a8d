"""What is looked at: connections, samples of /proc, what became of requests."""
