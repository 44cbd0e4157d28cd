"""Other ways to label photos, each a script that runs in an environment of its own."""
