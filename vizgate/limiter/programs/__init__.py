"""The rules of counting, each as one atomic step: in Python for stores of this machine, in Lua for Redis."""
