"""Keeps the frames that the model was unsure of, as photos for the next training."""
