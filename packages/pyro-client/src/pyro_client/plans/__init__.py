"""The client's multi-step logic as generators: they say what to send and wait for, and touch no socket."""
