"""Commands that packages bring to the program."""
