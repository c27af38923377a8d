"""What hostile and stalled peers cost a proxy, and everybody else behind it."""
