"""Rules that draw lots, in proportion to weights."""
