"""gRPC with msgpack in place of generated messages, blocking at both ends."""

import collections
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, Self

import grpc
import msgpack
import workloads

SERVICE = "bench.Service"
UNARY = ("add", "echo", "upload", "note", "noted", "nap")
LARGEST = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def serve() -> None:
    """Serve until the driver ends this process."""
    service = workloads.Service()

    def unary(name: str) -> Any:
        method = getattr(service, name)
        return grpc.unary_unary_rpc_method_handler(
            lambda args, _: method(*args), msgpack.unpackb, msgpack.packb
        )

    handlers = {name: unary(name) for name in UNARY}
    handlers["items"] = grpc.unary_stream_rpc_method_handler(
        lambda args, _: service.items(*args), msgpack.unpackb, msgpack.packb
    )
    server = grpc.server(ThreadPoolExecutor(100), options=LARGEST)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    workloads.ready(f"127.0.0.1:{port}")
    server.wait_for_termination()


class Remote:
    """The methods over one channel.

    Args:
        address: Host and port.
    """

    def __init__(self, address: str) -> None:
        own = ("grpc.use_local_subchannel_pool", 1)  # else channels share one connection
        self._channel = grpc.insecure_channel(address, options=[*LARGEST, own])
        self.calls = {name: self._unary(name) for name in UNARY}
        self._items = self._channel.unary_stream(f"/{SERVICE}/items", msgpack.packb, msgpack.unpackb)

    def __getattr__(self, name: str) -> Any:
        call = self.calls[name]
        return lambda *args: call(args)

    def items(self, number: int) -> Iterator[int]:
        """A stream."""
        found: Iterator[int] = self._items((number,))
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def _unary(self, name: str) -> Any:
        return self._channel.unary_unary(f"/{SERVICE}/{name}", msgpack.packb, msgpack.unpackb)


class Client(workloads.Client):
    """A channel.

    Args:
        address: Host and port.
    """

    def __init__(self, address: str) -> None:
        super().__init__(Remote(address))
        self._address = address

    def connect(self) -> AbstractContextManager[Any]:
        """Another channel."""
        return Remote(self._address)

    def in_flight(self, count: int) -> None:
        """Futures on one channel."""
        submit = self.service.calls["add"].future
        under_way = collections.deque(submit((2, 3)) for _ in range(workloads.IN_FLIGHT))
        for _ in range(count - workloads.IN_FLIGHT):
            under_way.popleft().result()
            under_way.append(submit((2, 3)))
        for future in under_way:
            workloads.expect(future.result(), 5)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        workloads.obey(Client(sys.argv[2]))
