"""The main parts of Pyro4: addresses, proxies, daemons."""
