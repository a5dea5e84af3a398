"""Programs to try Pyro4 with."""
