"""The server types: who watches the sockets, and which threads run the calls.

``threaded`` (threads belong to calls), ``multiplex`` (one thread for everything) and ``existing`` (one
connection that is there already). They are chosen by name through the plugin group ``pyro.transports``.
"""
