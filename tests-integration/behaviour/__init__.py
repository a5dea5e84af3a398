"""One suite of behaviours, run with every kind of client, server, serializer and transport."""
