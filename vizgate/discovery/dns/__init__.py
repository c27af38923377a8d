"""Targets out of the DNS: addresses and SRV records, for as long as they say."""
