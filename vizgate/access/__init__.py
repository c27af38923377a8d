"""What is let through: addresses, content types, and requests that a browser was tricked into."""
