"""``python -m pyro_cli``: the same as the ``pyro-cli`` command."""

import sys

from pyro_cli.main import main

sys.exit(main())
