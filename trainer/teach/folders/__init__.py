"""The photos of a session on the disk: class folders, inbox and trash, and actions that can be undone."""
