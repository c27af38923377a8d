"""What is allowed in a configuration and still unwise: ``vizgate check --audit``."""
