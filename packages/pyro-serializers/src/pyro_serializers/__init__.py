"""Serializers for Python Remote Objects; the plugin registry finds them by entry point."""
