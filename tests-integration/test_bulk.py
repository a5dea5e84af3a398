"""Large binary values travel beside the serialized part: without base64, copied once at most on each side."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import processes
import pytest

from pyro_client import Proxy

MIB = 1 << 20
SIZE = 64 * MIB
SLACK = 16 * MIB
"""For everything else that happens meanwhile, such as importing numpy; a copy would be much more."""


@pytest.fixture(scope="module", params=["threaded", "multiplex"])
def uri(request: Any) -> Iterator[str]:
    with processes.server("bulk_server.py", request.param) as uri:
        yield uri


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.parametrize("serializer", ["serpent", "json", "msgpack"])
@pytest.mark.parametrize("kind", ["bytes", "bytearray", "ndarray"])
def test_c8_an_echo_copies_once_on_each_side(uri: str, traced: None, serializer: str, kind: str) -> None:
    value: Any
    if kind == "ndarray":
        numpy = pytest.importorskip("numpy")
        value = numpy.zeros(SIZE // 8)
    else:
        value = {"bytes": bytes, "bytearray": bytearray}[kind](SIZE)
    with Proxy(uri) as proxy:
        proxy._pyro.serializer = serializer
        proxy.begin()
        proxy.reset()
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        back = proxy.echo(value)
        # What arrives are the pieces as the system gave them, and the value that is put together of them: one
        # copy. Sending needs no memory, and neither needs base64, which would be a third of it more.
        here = tracemalloc.get_traced_memory()[1] - before
        assert here < 2 * SIZE + SLACK
        assert proxy.peak_bytes() < 2 * SIZE + SLACK
        assert type(back) is type(value)
        assert len(back) == len(value)


def test_what_is_sent_may_be_changed_at_once(uri: str) -> None:
    with Proxy(uri) as proxy:
        value = bytearray(b"a" * MIB)
        back = proxy.echo(value)
        value[:] = b"b" * MIB
        assert back == b"a" * MIB
        back[0] = 0  # and so may be what arrived
