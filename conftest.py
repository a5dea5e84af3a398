"""For all tests: Hypothesis makes up the same in every run. ``hatch run fuzz`` looks for new things."""

from hypothesis import settings

settings.register_profile("the same every time", derandomize=True, deadline=None)
settings.load_profile("the same every time")
