"""The main job: from a folder of photos to model files."""
