"""The stream of a session: its frames are recorded, and labelled by the newest head."""
