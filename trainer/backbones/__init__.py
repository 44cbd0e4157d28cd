"""Backbones: architectures, weights, and the artifact that turns a picture into its bottleneck."""
