"""Flame and the HTTP gateway."""
