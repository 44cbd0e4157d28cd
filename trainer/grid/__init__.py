"""The grid of widths and resolutions: building it, and choosing a point of it."""
