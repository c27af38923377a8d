"""Where numbers live that several workers share: in this process, on this machine, in Redis."""
