"""What a model file is worth: evaluation, comparison, confidence intervals."""
