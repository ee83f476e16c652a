"""Hypothesis profiles: deterministic and bounded for every run, long for `make nightly`."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", derandomize=True, max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("nightly", max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
