"""A result that its object keeps may change while it waits to be sent; one that nobody else has cannot."""

from typing import Any

import pytest

from pyro_client import Proxy
from pyro_core.bulk import LARGE_BYTES, Lifted
from pyro_core.settings import ClientSettings
from pyro_server import Daemon, expose


@expose
class Camera:
    def __init__(self) -> None:
        self._kept = bytearray(LARGE_BYTES)

    def kept(self) -> bytearray:
        return self._kept

    def kept_inside(self) -> dict[str, bytearray]:
        return {"frame": self._kept}

    def new(self) -> bytearray:
        return bytearray(LARGE_BYTES)


@pytest.mark.parametrize("servertype", ["threaded", "multiplex"])
@pytest.mark.parametrize(
    ("method", "is_sent_as_it_is"), [("kept", False), ("kept_inside", False), ("new", True)]
)
def test_only_what_nobody_else_has_is_sent_as_it_is(
    servertype: str, method: str, is_sent_as_it_is: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen: list[Lifted] = []

    def freeze(lifted: Lifted) -> None:
        frozen.append(lifted)

    monkeypatch.setattr(Lifted, "freeze", freeze)
    with Daemon(servertype=servertype) as daemon:
        uri = daemon.register(Camera())
        daemon.start()
        with Proxy(uri, settings=ClientSettings(serializer="msgpack")) as proxy:
            for number in range(1, 31):  # Python optimises calls it has seen before
                found: Any = getattr(proxy, method)()
                assert len(found["frame"] if method == "kept_inside" else found) == LARGE_BYTES
                assert len(frozen) == (number if is_sent_as_it_is else 0)
