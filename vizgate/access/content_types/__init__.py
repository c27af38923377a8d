"""Which kinds of content requests may carry."""
