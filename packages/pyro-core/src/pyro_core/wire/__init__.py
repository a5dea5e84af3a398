"""The bytes on the wire: one neutral message, one codec for each protocol version."""
