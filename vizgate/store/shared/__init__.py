"""The store for all workers of a machine: one table in memory that they all map."""
