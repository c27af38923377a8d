"""What a run leaves behind: results, the figures drawn from them, a page and a plot."""
