"""The parts of a service, one a module: each makes of a configuration what the loop over attempts asks for."""
