"""Choosing the target of an attempt: rules over target numbers, without I/O."""
