"""The commands of ``trainer``, one a module; each only reads its options, calls the trainer and prints."""
