"""Listeners by the configuration: certificates, who may enter, what is sent elsewhere."""
