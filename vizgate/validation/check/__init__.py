"""Values held against compiled schemas, and what is wrong with them."""
