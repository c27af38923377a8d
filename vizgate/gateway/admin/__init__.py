"""The admin listener: what it answers, and to whom."""
