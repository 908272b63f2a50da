"""Hypothesis profiles: `default` explores, `ci` is the same on every run. Chosen by HYPOTHESIS_PROFILE."""

import os

from hypothesis import settings

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
