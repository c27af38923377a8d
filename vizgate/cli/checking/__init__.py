"""What ``vizgate check`` finds out, and the forms in which it is told."""
