"""The web preview: a page with the live picture and its labels."""
