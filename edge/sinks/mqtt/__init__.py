"""Labels for an MQTT broker and, through the broker, for Home Assistant."""
