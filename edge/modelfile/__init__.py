"""What stands in a model file: flatbuffer, structure, labels, metadata, manifest."""
