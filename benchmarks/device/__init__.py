"""Measurements of what runs on a device: streams, watching, faults."""
