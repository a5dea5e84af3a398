"""Seeing what daemons and proxies do: traces, metrics, an access log, and a log of the wire.

Programs import nothing of this: ``PYRO_OBSERVERS=opentelemetry,accesslog`` switches observers on by their
names, as does ``observers=[...]`` of a daemon or proxy. See ``pyro_core.observing`` for writing one.
"""
