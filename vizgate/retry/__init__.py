"""Whether, when and how often a request is tried again."""
