"""Inflating request bodies, and what keeps a small one from becoming a huge one."""
