"""What plugins do wrong stays with them."""
