"""``pyro-cli ns serve`` with a storage that says ``changing``, and waits for a line of input."""

import sys
from typing import Any

from pyro_cli.main import main
from pyro_core import plugins
from pyro_nameserver.storage.memory import MemoryStorage


class SlowStorage(MemoryStorage):
    """Keeps a new name when it is told to."""

    name = "slow"

    def put(self, *args: Any, **options: Any) -> bool:
        print("changing", flush=True)
        sys.stdin.readline()
        return super().put(*args, **options)


plugins.storages().register("slow", SlowStorage)
sys.exit(main(["ns", "serve", "--storage", "slow", *sys.argv[1:]]))
