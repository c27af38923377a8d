"""Limiters for any Python program, without a gateway around them."""
