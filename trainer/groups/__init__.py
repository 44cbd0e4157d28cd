"""Groups of photos that depend on each other: found by names, EXIF, bottlenecks and pixels."""
