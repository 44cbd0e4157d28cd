"""Python wheels for a device."""
