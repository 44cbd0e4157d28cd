"""Teaching at the camera: photos are collected, the head learns them in seconds, and the model is handed over."""
