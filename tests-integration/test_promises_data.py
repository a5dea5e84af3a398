"""Data arrives as what it was, in formats that were allowed: shown with a real server, in its own process.

The numbers are those of ``docs/reference/promises.md``.
"""

import marshal
import pickle
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from promise_server import Server, answer, hello, run_server

from pyro_client import Proxy
from pyro_core.convert import BatchFailure, ClassRules
from pyro_core.errors import CommunicationError, SerializeError
from pyro_core.names import STOCK_SERIALIZER_IDS
from pyro_core.settings import ClientSettings, ServerSettings
from pyro_core.uri import URI
from pyro_core.wire.codec import codec_for
from pyro_core.wire.message import BATCH, CONNECT_FAIL, CONNECT_OK, EXCEPTION, INVOKE
from pyro_core.wire.refusal import decode_reason
from pyro_serializers.marshal import MarshalSerializer
from pyro_server import Daemon, expose

IDS = STOCK_SERIALIZER_IDS
SAFE = ["serpent", "json", "msgpack"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with run_server("threaded") as running:
        yield running


def using(server: Server, serializer: str, rules: ClassRules | None = None) -> Proxy:
    return Proxy(server.uri, settings=ClientSettings(serializer=serializer), rules=rules)


def rules_for_plain() -> ClassRules:
    rules = ClassRules()
    rules.register_dict_to_class("__main__.Plain", lambda tag, wire: (tag, wire["a"]))
    return rules


def test_c4_marshal_reads_and_writes_attributes(server: Server) -> None:
    with using(server, "marshal") as proxy:
        proxy.value = 18
        assert proxy.value == 18


def test_c4_marshal_takes_nested_instances_both_ways(server: Server) -> None:
    with using(server, "marshal", rules_for_plain()) as proxy:
        (inside,) = proxy.nested_error()["deep"]
        assert isinstance(inside, ValueError)
        assert inside.args == ("inside",)
        assert proxy.plains() == {"deep": [("__main__.Plain", 1), (("__main__.Plain", 1),)]}
        assert proxy.echo({"deep": [URI("PYRO:x@h:1")]}) == {"deep": [URI("PYRO:x@h:1")]}
        assert proxy.kind_of(URI("PYRO:x@h:1")) == "URI"


@pytest.mark.parametrize("version", [502, 48])
def test_c4_marshal_does_batches_as_stock_clients_write_them(server: Server, version: int) -> None:
    number = IDS[version]["marshal"]
    greeting = marshal.dumps({"handshake": "hello", "object": "crowded"})
    calls: list[Any] = [
        ("add", (1, 2), {}),
        ("echo", (b"raw",), {}),
        ("leave", ("SystemExit",), {}),
        ("add", (1, 1), {}),
    ]
    request = marshal.dumps(("crowded", "<batch>", calls, None))
    with server.connect(hello(number, greeting, version)) as sock:
        assert answer(sock, version).kind == CONNECT_OK
        sock.sendall(codec_for(version).pack(INVOKE, number, 1, request, BATCH))
        reply = answer(sock, version)
    assert reply.flags & BATCH
    assert not reply.flags & EXCEPTION
    results = MarshalSerializer(ClassRules().for_version(version)).decode_value(reply.payload)
    assert results[:2] == [3, b"raw"]
    (failure,) = results[2:]
    assert isinstance(failure, BatchFailure)
    assert "tried to end" in str(failure.error)


@pytest.mark.parametrize(
    "value",
    [
        1 + 2j,
        1 << 70,
        datetime(2020, 1, 2, 3, 4, 5, 6),
        datetime(2020, 1, 2, tzinfo=UTC),
        datetime(2020, 7, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
        date(2020, 1, 2),
        {1: "a", None: "b", (1, 2): "c", 2.5: "d", b"e": "f"},
    ],
    ids=str,
)
def test_c5_msgpack_decodes_its_extensions_in_arguments_and_results(server: Server, value: Any) -> None:
    with using(server, "msgpack") as proxy:
        assert proxy.kind_of(value) == type(value).__name__
        back = proxy.echo(value)
        assert (type(back), back) == (type(value), value)
        if isinstance(value, datetime):
            assert back.utcoffset() == value.utcoffset()


def test_c5_msgpack_keeps_the_zone_of_a_time_that_was_made_on_the_server(server: Server) -> None:
    with using(server, "msgpack") as proxy:
        assert proxy.moment().isoformat() == "2026-01-02T03:04:05+02:00"


@pytest.mark.parametrize("serializer", [*SAFE, "marshal"])
def test_c6_instances_keep_their_class_tag(server: Server, serializer: str) -> None:
    with (
        using(server, serializer) as proxy,
        pytest.raises(SerializeError, match=r"__main__\.Plain"),
    ):
        proxy.plain()
    with using(server, serializer, rules_for_plain()) as proxy:
        assert proxy.plain() == ("__main__.Plain", 1)


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_s3_the_trap_of_these_tests_works(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Trap(tmp_path / "unpickled")))
    assert list(tmp_path.iterdir()) == [tmp_path / "unpickled"]


def test_s3_a_handshake_in_a_refused_serializer_is_answered_without_it(
    server: Server, tmp_path: Path
) -> None:
    trap = pickle.dumps(Trap(tmp_path / "unpickled"))
    with server.connect(hello(IDS[48]["pickle"], trap, 48)) as sock:
        refused = answer(sock, 48)
    assert refused.kind == CONNECT_FAIL
    assert refused.serializer_id == IDS[48]["marshal"]
    assert decode_reason(refused.payload) == "message used serializer that is not accepted: 4"
    assert list(tmp_path.iterdir()) == []


def test_s3_a_call_in_a_refused_serializer_is_answered_in_that_of_the_handshake(
    server: Server, tmp_path: Path
) -> None:
    trap = pickle.dumps(Trap(tmp_path / "unpickled"))
    number = IDS[48]["json"]
    with server.connect(hello(number, b'{"handshake":"hello","object":"crowded"}', 48)) as sock:
        assert answer(sock, 48).kind == CONNECT_OK
        sock.sendall(codec_for(48).pack(INVOKE, IDS[48]["pickle"], 1, trap))
        refused = answer(sock, 48)
        call = b'{"object":"crowded","method":"add","params":[1,2],"kwargs":{}}'
        sock.sendall(codec_for(48).pack(INVOKE, number, 2, call))
        assert bytes(answer(sock, 48).payload) == b"3"
    assert refused.flags & EXCEPTION
    assert refused.serializer_id == number
    assert b"not accepted: 4" in bytes(refused.payload)
    assert list(tmp_path.iterdir()) == []


@expose
class Anything:
    def echo(self, value: Any) -> Any:
        return value


def test_s8_marshal_is_accepted_only_when_it_is_named() -> None:
    settings = ServerSettings(host="127.0.0.1")
    with Daemon(settings) as plain, Daemon(settings, serializers=("marshal",)) as bold:
        for daemon in (plain, bold):
            daemon.start()
        wanted = ClientSettings(serializer="marshal")
        with Proxy(bold.register(Anything()), settings=wanted) as proxy:
            assert proxy.echo(1) == 1
        uri = plain.register(Anything())
        with (
            Proxy(uri, settings=wanted) as proxy,
            pytest.raises(CommunicationError, match="serializer that is not accepted: 2"),
        ):
            proxy.echo(1)
        for name in SAFE:
            with Proxy(uri, settings=ClientSettings(serializer=name)) as proxy:
                assert proxy.echo(1) == 1
