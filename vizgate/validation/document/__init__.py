"""Documents that people write: files of YAML or JSON, the references between them, and the schemas in them."""
