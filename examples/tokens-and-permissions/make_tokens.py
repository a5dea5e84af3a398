"""Makes tokens for the till: a file for the server, and a file with the plain token for each client.

Usage: python make_tokens.py FOLDER
"""

import secrets
import sys
from pathlib import Path

from pyro_server import Tokens

CLIENTS = {"boss": [], "anna": ["cashier"], "display": []}
"""Name -> roles."""


def main(folder: Path) -> None:
    """Write the files."""
    tables = []
    for name, roles in CLIENTS.items():
        token = secrets.token_urlsafe()
        (folder / f"{name}.token").write_text(token, encoding="ascii")
        tables.append(f'[{name}]\ntoken = "{Tokens.hashed(token)}"\nroles = {roles}\n')
    (folder / "tokens.toml").write_text("\n".join(tables), encoding="utf-8")
    print(f"made tokens for {', '.join(CLIENTS)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
