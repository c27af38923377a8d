"""What settings are made of: durations, sizes, names of fields, networks, files, URLs."""
