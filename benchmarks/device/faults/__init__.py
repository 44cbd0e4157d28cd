"""Faults injected into the store of a device, and what is left of it after each."""
