"""Hostile crowds and mixed load against real servers: what the well-behaved notice of it."""
