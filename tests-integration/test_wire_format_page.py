"""docs/reference/wire-format.md tells what is sent and what is done with it."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyro_core import names, plugins
from pyro_core.settings import Limits, ServerSettings, Timeouts
from pyro_core.wire import message as wire
from pyro_core.wire import v48, v502
from pyro_core.wire.codec import CODECS
from pyro_core.wire.message import Message
from pyro_server import Daemon

PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "wire-format.md").read_text("utf-8")
VERSIONS = {"502": names.PROTOCOL_502, "48": names.PROTOCOL_48}


def table(first_column: str) -> list[list[str]]:
    """Cells of the rows of all tables whose first column is called so."""
    found = []
    for head, body in re.findall(r"^(\|.*)\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE):
        if head.split("|")[1].strip() == first_column:
            found += [[cell.strip() for cell in line.split("|")[1:-1]] for line in body.splitlines()]
    assert found
    return found


def dumps() -> list[bytes]:
    found = []
    for block in re.findall(r"^```text\n(0000 .*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        data = b""
        for line in block.splitlines():
            assert line[:4] == f"{len(data):04x}"
            row = bytes.fromhex(line[6:53])
            assert line[55:] == "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            data += row
        found.append(data)
    return found


def decoded(data: bytes) -> tuple[Message, object]:
    message = CODECS[int.from_bytes(data[4:6], "big")].decode(data)
    (serializer,) = (
        plugins.serializers().load(name)
        for name, number in names.STOCK_SERIALIZER_IDS[message.version].items()
        if number == message.serializer_id
    )
    from pyro_core.convert import ClassRules

    return message, serializer(ClassRules().for_version(message.version)).decode_value(message.payload)


def test_the_dumps_are_messages_that_say_what_the_text_says() -> None:
    messages = [decoded(data) for data in dumps()]
    assert [(message.version, wire.KIND_NAMES[message.kind], message.seq) for message, _ in messages] == [
        (502, "CONNECT", 0),
        (502, "CONNECTOK", 0),
        (502, "INVOKE", 1),
        (502, "RESULT", 1),
        (48, "INVOKE", 1),
        (48, "RESULT", 1),
        (48, "RESULT", 2),
    ]
    values = [value for _, value in messages[:-1]]
    call = ("greeter", "greet", ("you",), {})
    members = {"methods": {"greet"}, "oneway": (), "attrs": ()}
    assert values == [
        {"handshake": "hello", "object": "greeter"},
        {"handshake": "hello", "meta": members},
        *(call, "Hello, you!") * 2,
    ]
    assert {key: len(value) for key, value in messages[1][0].annotations.items()} == {"ONCE": 24, "PYRX": 58}
    failed, error = messages[-1]
    assert failed.flags == wire.EXCEPTION
    assert isinstance(error, TypeError)
    for (message, _), data in zip(messages, dumps(), strict=True):
        assert CODECS[message.version].encode(message) == data


@pytest.mark.parametrize("codec", [v502, v48], ids=["502", "48"])
def test_the_fields_of_a_header_follow_each_other(codec: object) -> None:
    heading = f"### Header of protocol {codec.VERSION}\n"  # type: ignore[attr-defined]
    part = PAGE.partition(heading)[2].partition("\n#")[0]
    rows = [
        (int(offset), int(size)) for offset, size in re.findall(r"^\| (\d+) \| (\d+) \|", part, re.MULTILINE)
    ]
    position = 0
    for offset, size in rows:
        assert offset == position
        position += size
    assert position == codec.HEADER_SIZE  # type: ignore[attr-defined]


def test_kinds_and_annotations_are_all_there() -> None:
    assert {int(number): kind for number, kind, *_ in table("number")} == dict(wire.KIND_NAMES)
    told = {name for first, *_ in table("id") for name in re.findall(r"`(\w{4})`", first)}
    assert told == names.RESERVED_ANNOTATIONS | {names.ANNOTATION_TRACE}


def test_serializers_have_their_numbers() -> None:
    rows = {name: (new, old, more) for name, new, old, more in table("name")}
    assert set(rows) == set(plugins.SERIALIZERS)
    for name, (new, old, more) in rows.items():
        serializer = plugins.serializers().load(name)
        assert serializer.wire_ids == {502: int(new), 48: int(old)}, name
        assert ("not accepted" in more) is not serializer.safe, name


def test_flags_have_their_bits() -> None:
    meanings = {
        "exception": wire.EXCEPTION,
        "compressed": wire.COMPRESSED,
        "one-way": wire.ONEWAY,
        "batch": wire.BATCH,
        "stream": wire.STREAM,
        "keep serialized": wire.KEEP_SERIALIZED,
        "members in the handshake": wire.META_ON_CONNECT,
    }
    seen = set()
    for new, old, name, _ in table("502"):
        if name == "correlation id":
            data = v502.pack(wire.PING, 1, 0, b"", correlation_id=bytes(range(16)))
            assert int.from_bytes(data[8:10], "big") == int(new.strip("`"), 16)
            continue
        if new:
            assert int.from_bytes(v502.pack(4, 1, 0, b"", meanings[name])[8:10], "big") == int(
                new.strip("`"), 16
            )
        assert int.from_bytes(v48.pack(4, 1, 0, b"", meanings[name])[8:10], "big") == int(old.strip("`"), 16)
        seen.add(name)
    assert seen == set(meanings)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    settings = ServerSettings(
        timeouts=Timeouts(handshake_s=0.2, housekeeping_s=0.05), limits=Limits(max_handshake_bytes=1000)
    )
    with Daemon(settings) as daemon:
        daemon.start()
        uri = daemon.uri_for("nothing")
        yield uri.host, uri.port


CONNECT = dumps()[0]
FIRST = {
    "a tag or version that is neither": b"GET / HTTP/1.1\r\nHost: somewhere.example\r\n\r\n",
    "a wrong magic number or checksum, malformed annotations": CONNECT[:38] + b"??" + CONNECT[40:],
    "INVOKE or PING": v502.pack(wire.PING, 42, 0, b"ping"),
    "an object that does not exist, a handshake that is not welcome": CONNECT,
    "a serializer that is not accepted": CONNECT[:7] + b"\x40" + CONNECT[8:],
    "more than `max_handshake_bytes`": v502.pack(wire.CONNECT, 1, 0, bytes(1001))[:40],
    "nothing": b"",
}


@pytest.mark.parametrize("what", FIRST)
def test_the_first_message_of_a_client_is_met_as_the_table_says(what: str, address: tuple[str, int]) -> None:
    (told,) = (row[1] for row in table("the first thing a client sends") if row[0] == what)
    with socket.create_connection(address, timeout=5) as client, client.makefile("rb") as answers:
        client.sendall(FIRST[what])
        answer = answers.read()
    if not told.startswith("CONNECTFAIL"):
        assert answer == b""
        return
    refusal = v502.decode(answer)
    assert refusal.kind == wire.CONNECT_FAIL
    serializer_id = 1 if "client's serializer" in told else v502.MARSHAL_ID
    assert refusal.serializer_id == serializer_id
