"""From backbone and head to one model file."""
