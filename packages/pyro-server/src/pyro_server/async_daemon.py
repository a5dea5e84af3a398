"""The daemon for programs that have an asyncio event loop running."""

import asyncio
from collections.abc import Iterable
from functools import partial
from types import TracebackType
from typing import Any, Self

from pyro_core.convert import ClassRules
from pyro_core.errors import PyroError
from pyro_core.settings import ServerSettings
from pyro_core.uri import URI
from pyro_server.autoproxy import reviver
from pyro_server.daemon import Daemon


class AsyncDaemon(Daemon):
    """Offers objects of this process to others, on the running event loop.

    ::

        async with AsyncDaemon() as daemon:
            uri = daemon.register(Thing())
            await daemon.serve()

    ``async def`` methods and asynchronous generators run on the loop, plain methods in a pool of threads.
    What clients send as proxies are ``AsyncProxy`` here. The hooks of ``Daemon`` may be ``async def``, too.
    Making one raises what making a ``Daemon`` raises.

    Args:
        settings: How it behaves; None reads the environment.
        host: Host name or address to listen on.
        port: TCP port; 0 takes a free one.
        unixsocket: Path of a Unix socket to listen on instead.
        nathost: Host name to publish instead of its own.
        natport: Port to publish instead of its own.
        serializers: Names of the accepted serializers.
        rules: Rules for sending and receiving classes; copied.
    """

    def __init__(
        self,
        settings: ServerSettings | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
        unixsocket: str | None = None,
        nathost: str | None = None,
        natport: int | None = None,
        serializers: Iterable[str] | None = None,
        rules: ClassRules | None = None,
        **more: Any,
    ) -> None:
        rules = rules.copy() if rules is not None else ClassRules()
        if rules.revive is None:
            rules.revive = reviver(asynchronous=True)
        super().__init__(
            settings,
            host=host,
            port=port,
            unixsocket=unixsocket,
            nathost=nathost,
            natport=natport,
            servertype="asyncio",
            serializers=serializers,
            rules=rules,
            **more,
        )
        self._serving: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Serve until ``shutdown()`` is called, from any thread, or this is cancelled; then close.

        Raises:
            PyroError: If the daemon is closed.
        """
        await self._begin()
        serving = self._serving
        assert serving is not None
        try:
            await asyncio.shield(serving)
        finally:
            await self.aclose()

    async def apublish(self, name: str, obj_or_id: Any, **options: Any) -> URI:
        """``publish`` without blocking the event loop: that talks to the name server."""
        return await asyncio.to_thread(partial(self.publish, name, obj_or_id, **options))

    async def aclose(self) -> None:
        """Stop serving and let go of everything. Calls that run get a moment to finish."""
        self._transport.shutdown()
        serving, self._serving = self._serving, None
        if serving is not None:
            await serving
        await asyncio.to_thread(self.close)

    async def __aenter__(self) -> Self:
        await self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _begin(self) -> None:
        """Serve in a task; done when connections are accepted."""
        self._check_open()
        if self._serving is not None:
            return
        if self._thread is not None:
            raise PyroError("this daemon serves already, in the thread that start() made")
        started = asyncio.Event()
        self._serving = asyncio.create_task(self._transport.serve_async(started.set))
        waiting = asyncio.create_task(started.wait())
        await asyncio.wait({waiting, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._serving.done():
            await self._serving  # it failed: say why
