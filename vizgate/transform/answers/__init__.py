"""Other statuses and other pages for the client."""
