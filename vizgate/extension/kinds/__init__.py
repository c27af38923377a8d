"""The kinds of plugins beside middleware: what an author writes against."""
