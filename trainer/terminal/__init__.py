"""Progress and tables in a terminal."""
