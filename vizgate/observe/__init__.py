"""Events that leave the hot path: the access log and the metrics."""
