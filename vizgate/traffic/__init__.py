"""Where traffic goes beside its usual way: splits, mirrors, injected faults."""
