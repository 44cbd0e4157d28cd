"""Bottlenecks: computed by the artifact, kept in a cache, read back with their labels."""
