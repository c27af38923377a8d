"""An outside authoriser that is asked about every request."""
