"""The operations themselves, one module for each thing they are about."""
