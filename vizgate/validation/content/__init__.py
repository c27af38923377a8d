"""Bodies: what kind of content they are, and how each kind is read and checked."""
