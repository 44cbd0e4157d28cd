"""Networks that users bring: a ``.tflite`` of another project becomes a backbone."""
