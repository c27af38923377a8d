"""What compare.py is made of: contenders, the upstream they share, load, accounting and reports."""
