"""How good a model file is: evaluation, comparison, confidence intervals."""
