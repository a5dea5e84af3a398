import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyro_core.discovery import MAX_ANSWER_BYTES, QUESTION, answer_for, parse_answer
from pyro_core.errors import ProtocolError
from pyro_core.uri import URI

NAMESERVER = URI("PYRO:Pyro.NameServer@localhost:9090")
EVERYWHERE = URI("PYRO:Pyro.NameServer@0.0.0.0:9090")


def test_the_question_is_what_stock_peers_ask() -> None:
    assert QUESTION == b"GET_NSURI"


def test_an_answer_is_the_address_as_text() -> None:
    answer = answer_for(QUESTION, NAMESERVER, "192.0.2.7")
    assert answer == b"PYRO:Pyro.NameServer@localhost:9090"
    assert parse_answer(answer) == NAMESERVER


def test_a_server_on_all_interfaces_answers_with_the_one_that_faces_the_asker() -> None:
    assert answer_for(QUESTION, EVERYWHERE, "192.0.2.7") == b"PYRO:Pyro.NameServer@192.0.2.7:9090"
    assert answer_for(QUESTION, EVERYWHERE, None) == b"PYRO:Pyro.NameServer@0.0.0.0:9090"


@pytest.mark.parametrize("datagram", [b"", b"get_nsuri", b"GET_NSURI\n", b"GET_NSURI2", b"\xff" * 9])
def test_nothing_else_is_answered(datagram: bytes) -> None:
    assert answer_for(datagram, NAMESERVER, "192.0.2.7") is None


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"hello",
        b"PYRO:Pyro.NameServer@localhost",
        b"PYRONAME:Pyro.NameServer@localhost:9090",
        b"PYRO:" + b"x" * MAX_ANSWER_BYTES + b"@localhost:9090",
        QUESTION,
    ],
)
def test_what_is_no_address_is_refused(datagram: bytes) -> None:
    with pytest.raises(ProtocolError, match="not an answer of a name server") as caught:
        parse_answer(datagram)
    assert len(str(caught.value)) < 1000


def test_the_longest_answer_is_read() -> None:
    tail = b"@localhost:9090"
    longest = b"PYRO:" + b"x" * (MAX_ANSWER_BYTES - 5 - len(tail)) + tail
    assert parse_answer(longest).host == "localhost"


@given(st.binary(max_size=600))
def test_any_datagram_is_an_address_or_refused(datagram: bytes) -> None:
    try:
        assert parse_answer(datagram).protocol == "PYRO"
    except ProtocolError:
        pass
