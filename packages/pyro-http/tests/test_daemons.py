import asyncio

import pytest

from pyro_core.errors import SecurityError
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI
from pyro_http.daemons import Daemons, Members
from pyro_http.problems import Problem
from pyro_server import Daemon, expose

FIRST, SECOND = URI("PYRO:a@localhost:1"), URI("PYRO:b@localhost:2")


def test_only_so_many_daemons_are_remembered_and_none_that_is_busy_is_forgotten() -> None:
    async def run() -> None:
        daemons = Daemons(ClientSettings(), 1, 8)
        first = await daemons.target("a", FIRST)
        again = await daemons.target("a2", URI("PYRO:other@localhost:1"))
        assert again.daemon is first.daemon
        second = await daemons.target("b", SECOND)
        assert (len(daemons), second.daemon is first.daemon) == (1, False)
        second.daemon._lanes[0].busy = 1
        with pytest.raises(Problem, match="calls to 1 daemons are under way") as caught:
            await daemons.target("a", FIRST)
        assert caught.value.status == 503
        second.daemon._lanes[0].busy = 0
        await daemons.close()

    asyncio.run(run())


@pytest.mark.parametrize("address", ["PYRONAME:somebody", "PYROMETA:a,b"])
def test_a_name_that_leads_to_a_name_is_not_followed(address: str) -> None:
    with pytest.raises(SecurityError, match="which is no address of an object"):
        asyncio.run(Daemons(ClientSettings(), 1, 8).target("x", URI(address)))


@expose
class Till:
    def total(self) -> int:
        return 42

    def _own(self) -> int:
        return 1


def test_members_are_remembered_until_the_connection_is_another_one() -> None:
    async def run(address: URI) -> None:
        daemons = Daemons(ClientSettings(), 10, 8)
        target = await daemons.target("till", address)
        first: Members = await target.members()
        assert first.method("total").returns == "int"
        assert await target.members("total") is first
        for name in ("_own", "__init__", "missing"):
            with pytest.raises(Problem) as caught:
                first.method(name)
            assert caught.value.kind == "unknown-member"
        assert await target.members("missing") is not first
        known = await target.members()
        await target.daemon.close()
        assert await target.call("total", (), {}) == 42
        assert await target.members() is not known
        gone = await daemons.target("gone", URI(f"PYRO:gone@{address.location}"))
        with pytest.raises(Problem, match="does not have the object"):
            await gone.ping()
        await daemons.close()

    with Daemon(port=0) as daemon:
        address = daemon.register(Till(), "till")
        daemon.start()
        asyncio.run(run(address))
