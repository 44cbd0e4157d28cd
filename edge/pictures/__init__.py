"""Picture files before they are decoded: their format, their limits, and how Pillow opens them."""
