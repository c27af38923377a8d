"""Sources of targets, and what is made of their answers."""
