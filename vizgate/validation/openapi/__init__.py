"""OpenAPI documents, compiled: which operation a request means, and what its parts must be."""
