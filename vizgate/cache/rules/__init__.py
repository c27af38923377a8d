"""What RFC 9111 lets a shared cache do: values in, decisions out."""
