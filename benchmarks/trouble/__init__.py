"""The parts of ``faults.py``: targets that misbehave, a steady load, and a gateway to watch."""
