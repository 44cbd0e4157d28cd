"""A teaching session in a browser: how its page scrolls, and how long it takes from nothing to a model."""
