"""Listening sockets that several processes accept from, and sockets that somebody else has opened."""
