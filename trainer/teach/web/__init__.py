"""The page of a teaching session and the HTTP API under it."""
