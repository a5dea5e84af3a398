"""Runs a soak: starts everything, injects faults, and looks whether all is as it must be."""

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from pyro_client import Proxy
from pyro_core.testing.certificates import Authority, have_openssl
from soak.programs import PATIENCE_S, Client, Program, Server

LOOK_S: Final = 1.0
KILL_S: Final = 3.0
"""Between two clients that are killed."""
RESTART_S: Final = 7.0
"""Between two times that a server is drained and started again."""
LEASE_S: Final = 5.0
MOST_MIB_PER_MINUTE: Final = 1.0
LEARNING_MIB: Final = 25.0
"""A process may grow so much before it has seen everything once."""
LONG_S: Final = 240.0
"""A soak this long tells a slope from the beginning."""
GONE: Final = ("connections", "calls", "streams", "ArrivingStream", "Visitor", "Conversation", "ServerEngine")
"""What is left of clients that have gone: nothing."""
SLACK: Final = {"threads": 18, "descriptors": 2, "Task": 5, "objects": 0}
"""How much more there may be than before the first client. Threads of the pool are kept, and a loop has a few
tasks of its own."""
SERVER_PROGRAM: Final = """
import sys
from pyro_nameserver import start_ns
with start_ns("127.0.0.1", 0, broadcast=False, storage="sqlite:" + sys.argv[1]) as ns:
    print(f"ready {ns.uri}", flush=True)
    sys.stdin.read()
"""


class Overseer:
    """One soak.

    Args:
        folder: Where journals and logs go.
        seed: Decides what clients do.
        kill_s: Seconds from one killed client to the next.
        restart_s: The same of drained servers.
    """

    def __init__(
        self, folder: Path, seed: int, *, kill_s: float = KILL_S, restart_s: float = RESTART_S
    ) -> None:
        self.kill_s = kill_s
        self.restart_s = restart_s
        self.folder = folder
        self.rng = random.Random(seed)
        self.problems: list[str] = []
        self.servers: list[Server] = []
        self.clients: list[Client] = []
        self.files: list[tuple[str, Path]] = []  # server and acknowledgements of every client there ever was
        self.samples: dict[str, list[tuple[float, float]]] = {}
        self.faults: Counter[str] = Counter()
        self.ns = ""
        self.authority = ""

    def run(self, seconds: float, say: Callable[[str], object]) -> list[str]:
        """Do it; gives what was wrong."""
        with ExitStack() as stack:
            name_server = Program(
                ["-c", SERVER_PROGRAM, str(self.folder / "names.db")], self.folder / "ns.log"
            )
            stack.callback(name_server.end)
            self.ns = name_server.line().rpartition("@")[2]
            certificate: Sequence[str] = ()
            if have_openssl():
                authority = Authority(self.folder)
                certificate, self.authority = authority.issue("server"), authority.certfile
            stack.callback(lambda: [program.end() for program in (*self.clients, *self.servers)])
            kinds = (("threaded", ()), ("asyncio", certificate), ("multiplex", ()), ("threaded", ()))
            for number, (kind, certs) in enumerate(kinds):
                self.servers.append(Server(kind, f"{kind}-{number}", self.ns, self.folder, certs))
            before = {server.name: server.vitals() for server in self.servers[:-1]}
            for number, server in enumerate(self.servers):
                self.join("sync", server, f"sync-{number}")
                self.join("async", server, f"async-{number}")
            self.load(seconds, say)
            self.wind_up(before, say)
        return self.problems

    def join(self, kind: str, server: Server, who: str) -> Client:
        """One more client."""
        seed = self.rng.getrandbits(30)
        client = Client(kind, server, self.ns, who, self.folder, seed, self.authority)
        self.clients.append(client)
        self.files.append((server.name, client.acknowledged))
        return client

    # ---- while it lasts

    def load(self, seconds: float, say: Callable[[str], object]) -> None:
        """Inject faults, and look at everybody."""
        begun = now = time.monotonic()
        kill_at, restart_at, tell_at = begun + self.kill_s, begun + self.restart_s, begun
        victims: list[Client] = []
        while now < begun + seconds:
            for server in self.servers[:-1]:
                self.sample(server.name, now - begun, server.vitals())
            for client in self.clients:
                if client not in victims:
                    self.sample(client.who, now - begun, client.body())
            if now >= kill_at:
                kill_at = now + self.kill_s
                self.kill(victims)
            if now >= restart_at:
                restart_at = now + self.restart_s
                self.restart()
            if now >= tell_at:
                tell_at = now + max(seconds / 20, 10.0)
                self.tell(now - begun, say)
            time.sleep(LOOK_S)
            now = time.monotonic()
        for victim in victims:
            self.end_victim(victim)

    def sample(self, who: str, at_s: float, vitals: dict[str, float]) -> None:
        for what in ("MiB", "threads", "descriptors"):
            self.samples.setdefault(f"{who} {what}", []).append((at_s, vitals[what]))
        for what in ("streams", "connections", "calls"):
            if vitals.get(what, 0) > 200:
                self.problems.append(f"{who} has {vitals[what]} {what} after {at_s:.0f} s")

    def kill(self, victims: list[Client]) -> None:
        """SIGKILL one client, and start another one."""
        if victims:
            self.end_victim(victims.pop())
        server = self.rng.choice(self.servers)
        kind = self.rng.choice(("sync", "async"))
        victims.append(self.join(kind, server, f"victim-{len(self.files)}"))

    def end_victim(self, victim: Client) -> None:
        victim.process.kill()
        victim.end()
        self.clients.remove(victim)
        self.faults["clients killed"] += 1

    def restart(self) -> None:
        """SIGTERM a server, and start it again at the same address."""
        old = self.servers.pop()
        old.process.send_signal(signal.SIGTERM)
        try:
            status = old.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            status = -1
        if status:
            self.problems.append(f"{old.name} ended with {status} when it was asked to stop")
        old.end()
        new = Server(old.servertype, old.name, self.ns, self.folder, old.certificate, old.port)
        self.servers.append(new)
        self.faults["servers drained and started again"] += 1
        if new.uri != old.uri:
            self.problems.append(f"{old.uri} became {new.uri}")

    def tell(self, at_s: float, say: Callable[[str], object]) -> None:
        newest = {
            who.removesuffix(" MiB"): s[-1][1] for who, s in self.samples.items() if who.endswith("MiB")
        }
        text = ", ".join(f"{who} {mib:.0f}" for who, mib in newest.items())
        say(f"{at_s:6.0f} s  {dict(self.faults)}  MiB: {text}")

    # ---- in the end

    def wind_up(self, before: dict[str, dict[str, float]], say: Callable[[str], object]) -> None:
        """Let the clients end, and see what is left."""
        done: Counter[str] = Counter()
        errors: Counter[str] = Counter()
        for client in self.clients:
            told = client.report()
            done.update(told["done"])
            errors.update(told["errors"])
            self.problems += [f"{client.who}: {wrong}" for wrong in told["wrong"]]
        say(f"done: {dict(done)}")
        say(f"clear errors: {dict(errors)}; faults: {dict(self.faults)}")
        for server in self.servers[:-1]:
            self.check_left(server, before[server.name], say)
        self.check_slopes(say)
        self.check_names(say)
        for server in self.servers:
            if server.end():
                self.problems.append(f"{server.name} ended with {server.process.returncode}")
        self.check_journals(say)
        for log in sorted(self.folder.glob("*.log")):
            if "Traceback" in log.read_text(encoding="utf8", errors="replace"):
                self.problems.append(
                    f"{log.name}: {log.read_text(encoding='utf8', errors='replace')[-1500:]}"
                )

    def check_left(self, server: Server, before: dict[str, float], say: Callable[[str], object]) -> None:
        """Nothing of the clients may be left in a server, after a moment."""
        until = time.monotonic() + PATIENCE_S
        while True:
            now = server.vitals()
            left = [f"{now[what]:.0f} {what}" for what in GONE if now[what]]
            left += [f"{now[w]:.0f} {w} instead of {before[w]:.0f}" for w, most in SLACK.items()
                     if now[w] > before[w] + most]  # fmt: skip
            if not left or time.monotonic() > until:
                break
            time.sleep(LOOK_S / 5)
        self.problems += [f"{server.name} still has {what}" for what in left]
        say(f"{server.name} before: {rounded(before)}")
        say(f"{server.name} after:  {rounded(now)}")

    def check_slopes(self, say: Callable[[str], object]) -> None:
        """Nobody may grow all the time. A step is no leak: what leaks grows in every part of the time."""
        for who, samples in self.samples.items():
            quarter = len(samples) // 4
            if quarter < 2 or not who.endswith("MiB"):
                continue
            parts = [samples[quarter * part : quarter * (part + 1)] for part in (1, 2, 3)]
            slopes = [slope(part) * 60 for part in parts]
            grown = samples[-1][1] - samples[0][1]
            in_each = ", ".join(f"{per_minute:+.2f}" for per_minute in slopes)
            say(
                f"{who}: {samples[0][1]:.1f} -> {samples[-1][1]:.1f}, in the last quarters {in_each} a minute"
            )
            long = samples[-1][0] > LONG_S
            if (long and min(slopes) > MOST_MIB_PER_MINUTE) or (not long and grown > LEARNING_MIB):
                self.problems.append(
                    f"{who} grows: {in_each} a minute in the last quarters, {grown:.1f} in all"
                )

    def check_names(self, say: Callable[[str], object]) -> None:
        """Names of clients are gone with their leases; those of servers are there."""
        wanted = {server.name for server in self.servers}
        until = time.monotonic() + PATIENCE_S
        with Proxy(f"PYRO:Pyro.NameServer@{self.ns}") as names:
            while True:
                found = set(names.list()) - {"Pyro.NameServer"}
                if found == wanted or time.monotonic() > until:
                    break
                time.sleep(LOOK_S / 5)
        if found != wanted:
            self.problems.append(f"names {sorted(found)} instead of {sorted(wanted)}")
        say(f"names: {len(found)}, those of the servers")

    def check_journals(self, say: Callable[[str], object]) -> None:
        """What was acknowledged is there, and nothing was done twice."""
        journals: dict[str, Counter[str]] = {}
        for server in self.servers:
            journals[server.name] = Counter(server.journal.read_text(encoding="ascii").splitlines())
            twice = [line for line, times in journals[server.name].items() if times > 1]
            if twice:
                self.problems.append(f"{server.name} did {len(twice)} things twice, such as {twice[0]!r}")
        acknowledged = lost = 0
        for name, file in self.files:
            # The last line of a client that was killed may be half a line.
            text = file.read_text(encoding="ascii") if file.exists() else ""
            lines = text[: text.rfind("\n") + 1].splitlines()
            acknowledged += len(lines)
            missing = [line for line in lines if line not in journals[name]]
            lost += len(missing)
            self.problems += [f"acknowledged and lost by {name}: {line!r}" for line in missing[:3]]
        counted = sum(journal.total() for journal in journals.values())
        say(f"acknowledged: {acknowledged}, written down: {counted}, lost: {lost}")


def rounded(vitals: dict[str, Any]) -> dict[str, int]:
    return {what: round(number) for what, number in vitals.items()}


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """How fast the second grows with the first, by least squares."""
    mean_x = sum(x for x, _ in samples) / len(samples)
    mean_y = sum(y for _, y in samples) / len(samples)
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread if spread else 0.0
