"""The gate of a route: who is it, and may they? Authenticators answer the first question, rules the second."""
