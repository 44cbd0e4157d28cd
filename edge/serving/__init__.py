"""Labels for pictures that are sent over HTTP."""
