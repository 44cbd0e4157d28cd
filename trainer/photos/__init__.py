"""Photos: the data set, its split, reading, augmentation, and flowers that are drawn."""
