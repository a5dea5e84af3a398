"""Where a name server keeps its names, chosen by a text such as ``memory`` or ``sqlite:names.db``."""
