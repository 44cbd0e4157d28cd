"""The report: what a model is worth and why, as one self-contained page and a model card with the same content."""
