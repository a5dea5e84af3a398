"""The server types and the pool of threads, by their old names."""

import threading

import pytest

import Pyro4
from Pyro4.socketserver.existingconnectionserver import SocketServer_ExistingConnection
from Pyro4.socketserver.multiplexserver import SocketServer_Multiplex
from Pyro4.socketserver.threadpool import NoFreeWorkersError, Pool, PoolError
from Pyro4.socketserver.threadpoolserver import SocketServer_Threadpool


@pytest.mark.parametrize(
    ("servertype", "kind"), [("thread", SocketServer_Threadpool), ("multiplex", SocketServer_Multiplex)]
)
def test_a_daemon_shows_its_transport(servertype: str, kind: type) -> None:
    Pyro4.config.SERVERTYPE = servertype
    with Pyro4.Daemon() as daemon:
        server = daemon.transportServer
        assert type(server) is kind
        assert not isinstance(server, SocketServer_ExistingConnection)
        assert server.locationStr == daemon.locationStr
        assert server.sock in server.sockets
        assert server.sock.getsockname()[1] == int(daemon.locationStr.partition(":")[2])
        turns = iter([True, False])
        server.loop(lambda: next(turns, False))
        server.shutdown()
    assert daemon.transportServer is None


def test_combined_servers_are_watched_by_the_same_one() -> None:
    Pyro4.config.SERVERTYPE = "multiplex"
    with Pyro4.Daemon() as one, Pyro4.Daemon() as other:
        one.transportServer.combine_loop(other.transportServer)
        assert other.transportServer.selector is one.transportServer.selector
        one.transportServer.events([])


def test_a_pool_refuses_what_it_cannot_do_now() -> None:
    Pyro4.config.THREADPOOL_SIZE_MIN = 1
    Pyro4.config.THREADPOOL_SIZE = 2
    go_on = threading.Event()
    ended = threading.Semaphore(0)

    def job() -> None:
        go_on.wait()
        ended.release()

    with Pool() as pool:
        assert (len(pool.idle), pool.num_workers()) == (1, 1)
        pool.process(job)
        pool.process(job)
        assert (len(pool.busy), len(pool.idle)) == (2, 0)
        assert "2 busy workers; 0 idle workers" in repr(pool)
        with pytest.raises(NoFreeWorkersError):
            pool.process(job)
        go_on.set()
        assert all(ended.acquire(timeout=10) for _ in range(2))
    with pytest.raises(PoolError, match="closed"):
        pool.process(job)
    assert pool.num_workers() == 0
