"""Messages checked against OpenAPI documents and JSON Schemas."""
