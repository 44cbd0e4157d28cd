"""The web preview: a page that shows what the camera sees and what the model says of it."""
