"""A configuration in operation, from its start to its end."""
