"""The composition root: the only place where wire, transport and pipeline meet."""
