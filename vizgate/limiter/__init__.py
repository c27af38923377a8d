"""Rate limits, quotas and limits on what is in flight."""
