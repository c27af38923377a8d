"""The parts of ``chaos.py`` and ``soak.py``: who asks, who answers, what is done to them, and what is looked at."""
