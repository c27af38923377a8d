"""How the supervisor and a worker talk to each other."""
