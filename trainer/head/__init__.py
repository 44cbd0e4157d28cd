"""The head: fitting it, its calibration, its gate, cross-validation."""
