"""The report of a model: how accurate it is and why, as one self-contained page and as a model card."""
