"""Measurements of ``edge serve``."""
