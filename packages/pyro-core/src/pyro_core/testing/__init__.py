"""What tests of this system, and of its plugins, are built from."""
