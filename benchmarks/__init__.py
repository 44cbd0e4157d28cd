"""Measurements of the trainer and the edge package, beside what others do; nobody imports this."""
