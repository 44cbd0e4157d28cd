"""A running stream: grabbing, labelling, passing on."""
