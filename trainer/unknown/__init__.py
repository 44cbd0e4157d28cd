"""What the rest of the world looks like to a backbone: the directions in which other things lie."""
