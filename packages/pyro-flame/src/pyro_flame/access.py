"""What a flame server does, as far as its policy allows."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pyro_core.context import serving
from pyro_core.errors import SecurityError
from pyro_core.identity import ANONYMOUS
from pyro_flame.files import Piece, allowed_path, contents, pieces_of, replacing
from pyro_flame.modules import create_module, module_source, run_source
from pyro_flame.noted import noted
from pyro_flame.policy import NOTHING, Act, Policies, Policy
from pyro_flame.targets import find_inside, find_member, find_module, members_of

_SENT_CODE: Final = "<remote-code>"


class Access:
    """Modules, code and files of this process, for whoever is being served.

    Args:
        policy: What is allowed, for everybody or for a principal; nothing by default.
    """

    def __init__(self, policy: Policies = NOTHING) -> None:
        self._policy = policy
        self._names: dict[str, Any] = {"__name__": "__flame__"}

    @property
    def policy(self) -> Policy:
        """What the client that is being served may do."""
        if isinstance(self._policy, Policy):
            return self._policy
        call = serving()
        found = self._policy(call.principal if call is not None else ANONYMOUS)
        if not isinstance(found, Policy):
            raise SecurityError(f"no policy for you: the function of this server gave {type(found).__name__}")
        return found

    def check(self, act: Act, what: str) -> None:
        """Note a use. Raises SecurityError, and notes that, if it is not allowed."""
        with noted(act, what):
            self.policy.check(act)

    def check_module(self, name: str) -> dict[str, bool]:
        """Import a module; gives the names in it that may be used -> whether they can be called.

        Raises:
            SecurityError: If nothing of it may be used.
            ImportError: If there is no such module.
        """
        with noted("module", name):
            return members_of(self.policy, name)

    def member(self, act: str, module: str, path: str) -> Any:
        """Something in a module.

        Args:
            act: What is to be done with it.
            module: Full name of the module.
            path: Name in the module, with dots.

        Raises:
            SecurityError: If it may not be used.
        """
        with noted(act, f"{module}.{path}"):
            return find_member(self.policy, module, path)

    def inside(self, act: str, owner: Any, path: str) -> Any:
        """Something in an object that a client was given. Raises SecurityError if it may not be used."""
        with noted(act, f"{type(owner).__name__}.{path}"):
            return find_inside(self.policy, owner, path)

    def call(self, module: str, path: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """The result of a function of a module. Raises SecurityError if that may not be called."""
        return self.member("call", module, path)(*args, **kwargs)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression."""
        self.check("code", expression)
        return eval(compile(expression.strip(), _SENT_CODE, "eval", dont_inherit=True), self._names)

    def execute(self, source: str) -> None:
        """Execute statements; what they define is there for later ones, of every client."""
        self.check("code", source)
        run_source(source, _SENT_CODE, self._names)

    def send_module(self, name: str, source: str) -> None:
        """Make a module of source text; see ``pyro_flame.modules.create_module``."""
        self.check("send_modules", name)
        create_module(name, source)

    def get_module(self, name: str) -> str:
        """The source of a module, which is imported for that."""
        self.check("get_modules", name)
        return module_source(find_module(Policy.everything(), name))

    def write_file(self, path: str, pieces: Iterable[Piece]) -> int:
        """Write a file, which only its owner can read then; one that exists is replaced when all is there.

        Args:
            path: Where.
            pieces: As ``pyro_flame.files.pieces_of`` makes them.

        Returns:
            How many bytes.
        """
        with noted("send_files", path):
            policy = self.policy
            policy.check("send_files")
            place = allowed_path(policy.send_files, path, "send_files")
        with replacing(place) as file:
            return sum(file.write(piece) for piece in contents(pieces))

    def read_file(self, path: str) -> Iterator[Piece]:
        """A file, as ``pyro_flame.files.pieces_of`` makes it."""
        with noted("get_files", path):
            policy = self.policy
            policy.check("get_files")
            place = allowed_path(policy.get_files, path, "get_files")
        return pieces_of(place.open("rb"), place.stat().st_size)

    def send_file(self, path: str, data: bytes) -> None:
        """The same as ``write_file`` with all of it at once."""
        self.write_file(path, pieces_of(io.BytesIO(data), len(data)))

    def get_file(self, path: str) -> bytes:
        """All of a file."""
        return b"".join(contents(self.read_file(path)))
