"""Equal requests to equal targets, whoever comes and goes."""
