"""Install a model on devices: over SSH, on a mounted SD card, or from an archive."""
