"""Measurements of accuracy, calibration and unknown pictures."""
