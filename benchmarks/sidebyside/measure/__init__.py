"""What is measured: load in rounds, idle connections, starts."""
