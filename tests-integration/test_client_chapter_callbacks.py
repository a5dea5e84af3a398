"""Clients that are servers as well, and are called back. See ``docs/reference/client-chapter.md``."""

import logging
from typing import Any

import pytest
from chapter_daemons import LOOPBACK, serving

from pyro_client import Proxy
from pyro_server import Daemon, callback, expose, oneway


@expose
class Caller:
    """The server: calls back whom it is given."""

    def __init__(self) -> None:
        self.known: list[Any] = []

    def call(self, back: Any, value: int) -> int:
        with back:
            return int(back.double(value))

    def call_and_fail(self, back: Any) -> str:
        with back:
            try:
                back.fail()
            except ZeroDivisionError:
                return "the server saw it"
        return "nothing happened"

    def remember(self, back: Any) -> None:
        self.known.append(back)

    def call_later(self) -> list[int]:
        answers = [back.double(4) for back in self.known]
        for back in self.known:
            back._pyro.release()
        return answers


class Back:
    """The client's object."""

    @expose
    def double(self, value: int) -> int:
        return 2 * value

    @expose
    @callback
    def fail(self) -> float:
        return 1 / 0

    @callback
    def not_exposed(self) -> None:
        raise AssertionError


@pytest.mark.parametrize("servertype", ["threaded", "multiplex"])
def test_the_server_calls_an_object_of_the_client_during_the_clients_call(servertype: str) -> None:
    with serving(Caller()) as uri, Daemon(LOOPBACK, servertype=servertype) as own, Proxy(uri) as proxy:
        uri_of_back = own.register(Back())
        own.start()  # in the background: this thread waits for the server
        with Proxy(uri_of_back) as back:
            assert proxy.call(back, 21) == 42


def test_the_server_may_call_back_any_time_later() -> None:
    with serving(Caller()) as uri, Daemon(LOOPBACK) as own, Proxy(uri) as proxy:
        back = Proxy(own.register(Back()))
        own.start()
        proxy.remember(back)
        assert proxy.call_later() == [8]


def test_an_error_in_a_callback_reaches_the_server_and_is_logged_in_the_client(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving(Caller()) as uri, Daemon(LOOPBACK) as own, Proxy(uri) as proxy:
        uri_of_back = own.register(Back())
        own.start()
        with caplog.at_level(logging.ERROR), Proxy(uri_of_back) as back:
            assert proxy.call_and_fail(back) == "the server saw it"
        (record,) = [record for record in caplog.records if "fail" in record.getMessage()]
        assert record.levelno == logging.ERROR
        assert record.exc_text is not None
        assert "1 / 0" in record.exc_text


def test_a_callback_must_be_exposed_like_any_method() -> None:
    with serving(Back()) as uri, Proxy(uri) as back, pytest.raises(AttributeError, match="not_exposed"):
        back.not_exposed()


def test_a_client_without_a_thread_for_it_is_called_back_in_its_own_loop() -> None:
    """Oneway calls there and back: nobody waits for anybody."""

    class Waiting(Back):
        answer = 0

        @expose
        @oneway
        def answered(self, value: int) -> None:
            self.answer = value

    @expose
    class Later:
        @oneway
        def ask(self, back: Any) -> None:
            with back:
                back.answered(7)

    waiting = Waiting()
    with serving(Later()) as uri, Daemon(LOOPBACK) as own, Proxy(uri) as proxy:
        proxy.ask(Proxy(own.register(waiting)))
        own.request_loop(lambda: not waiting.answer)
        assert waiting.answer == 7
