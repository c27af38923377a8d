"""The command line: ``vizgate serve`` and its siblings. Nothing slow is imported before a command asks for it."""
