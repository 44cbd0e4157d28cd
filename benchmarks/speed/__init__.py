"""Measurements of time and memory, beside other projects."""
