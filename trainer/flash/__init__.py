"""Bring a model onto devices: over SSH, or into the folder of a mounted SD card."""
