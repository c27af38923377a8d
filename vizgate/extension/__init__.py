"""The contract that built-in components and plugins meet alike."""
