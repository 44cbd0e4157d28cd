"""Model files of all architectures, and the choice among them for a board."""
