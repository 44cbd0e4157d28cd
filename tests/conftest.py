"""Hypothesis draws the same examples every time, so that a red test is red for everyone."""

import os

from hypothesis import settings

# Test processes run side by side on all cores; threads of the linear algebra would only wait for each other.
# Commands that tests start do without this, as they do for users.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")
