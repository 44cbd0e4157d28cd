"""A teaching session: its frame rate and memory, how its page scrolls, and how long it takes to a model."""
