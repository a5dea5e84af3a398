"""How the interface of Pyro4 is mapped onto the packages that do the work. Not part of that interface."""
