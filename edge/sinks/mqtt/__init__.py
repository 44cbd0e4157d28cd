"""Labels to an MQTT broker, and to Home Assistant by way of it."""
