"""Frames that the model was unsure of, kept as photos for the next training."""
