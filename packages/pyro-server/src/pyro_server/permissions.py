"""What clients may do, by a table."""

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import Final

from pyro_core.identity import ANONYMOUS, Access, Decision, Principal
from pyro_server.authenticators import several

EVERYBODY: Final = "*"
ROLE: Final = "role:"
_ALLOWED: Final = Decision(True, lasting=True)


class AllowMethods:
    """Allows what is listed, and nothing else.

    ::

        AllowMethods({
            "*": {"shop.till": ["total"]},
            "anna": {"shop.*": ["*"]},
            "role:staff": {"shop.till": ["price", "price="]},
        })

    All patterns may have ``*``, ``?`` and ``[letters]``. A name is that of a method, or of an attribute that
    may be read; with ``=`` after it that of an attribute that may be written. ``"*"`` is for everything. Who
    may do anything at all with an object may know what it offers, and so may connect to it.

    Args:
        permissions: Principal's name, ``role:`` and a role, or ``*`` for everybody -> pattern of object ids
            -> patterns of names.
    """

    def __init__(self, permissions: Mapping[str, Mapping[str, Collection[str]]]) -> None:
        self._permissions = {
            who: [(objects, tuple(several(names, "names"))) for objects, names in allowed.items()]
            for who, allowed in permissions.items()
        }

    def authorize(self, principal: Principal, object_id: str, name: str, access: Access) -> Decision:
        """Whether it is listed."""
        keys = [EVERYBODY, *(ROLE + role for role in principal.roles)]
        if not principal.name.startswith(ROLE):
            keys.append(principal.name)
        for key in keys:
            for objects, names in self._permissions.get(key, ()):
                if fnmatchcase(object_id, objects) and _covers(names, name, access):
                    return _ALLOWED
        if principal.proof == ANONYMOUS.proof:
            return Decision(False, "say who you are, for example with proxy._pyro.token = TEXT")
        return Decision(False, "ask the operator of this daemon to allow it")


def _covers(patterns: Collection[str], name: str, access: Access) -> bool:
    if access == "describe":
        return bool(patterns)
    if access == "set":
        return any(
            pattern == EVERYBODY or (pattern.endswith("=") and fnmatchcase(name, pattern[:-1]))
            for pattern in patterns
        )
    return any(fnmatchcase(name, pattern) for pattern in patterns)
