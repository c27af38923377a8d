"""Everything that an operator can ask of a running gateway."""
