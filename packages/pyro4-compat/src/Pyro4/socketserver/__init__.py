"""The server types, by their old module names."""
