"""``edge watch`` as a systemd service: its unit, what the unit allows, and the messages to systemd."""
