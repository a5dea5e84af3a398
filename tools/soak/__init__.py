"""Mixed load with faults injected, and what must be true all the time and in the end."""
