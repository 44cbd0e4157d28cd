"""What differs between Linux, macOS and Windows: each thing in one module, and nowhere else."""
