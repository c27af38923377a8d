"""Which targets are fit to be asked: probes, what traffic shows, and the way back."""
