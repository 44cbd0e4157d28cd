"""Time and memory of the trainer against the number of photos and classes."""
