"""From text to a tree of values that know their place: YAML, variables, overrides; nothing of what keys mean."""
