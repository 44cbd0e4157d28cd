"""A running stream: grab frames, label them, give the labels to sinks."""
