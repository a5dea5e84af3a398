"""Where a name server keeps its names: the contract and the storages that come along."""
