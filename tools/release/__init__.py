"""Releases of the packages, each with a version of its own: plan, prepare, build, check."""
