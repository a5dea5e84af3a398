"""Names and numbers of Pyro4."""

from pyro_core.names import DAEMON_ID, NAMESERVER_ID, PROTOCOL_48

VERSION = "4.82"
"""The version whose interface this is."""
DAEMON_NAME = DAEMON_ID
NAMESERVER_NAME = NAMESERVER_ID
FLAME_NAME = "Pyro.Flame"
PROTOCOL_VERSION = PROTOCOL_48
