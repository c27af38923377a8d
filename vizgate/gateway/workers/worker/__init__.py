"""A process that serves, and does what its supervisor says."""
