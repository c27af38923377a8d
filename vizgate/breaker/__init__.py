"""Circuit breakers: a failing target or service is left alone for a while."""
