"""Certificates that listeners show, and the TLS contexts made of them."""
