"""Names in etcd, so that any number of name servers can stand in front of it.

Each name is a key ``ROOT/names/NAME`` with the entry as JSON; a lease is one of etcd. A change is made on
condition that what it was decided on is still so; else it is decided again. A removal also writes
``ROOT/removed``, which tells it from a lease that ended.
"""

import contextlib
import math
import ssl
import weakref
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from pyro_core.errors import NameOwned, NamingError, RevisionGone
from pyro_nameserver.storage.base import (
    NO_TAGS,
    Entry,
    Snapshot,
    Storage,
    Subscription,
    first_revision,
    may_change,
)
from pyro_nameserver.storage.encoding import from_json, to_json
from pyro_nameserver.storage.etcd_gateway import EtcdGateway, Member, decoded, encoded
from pyro_nameserver.storage.etcd_watch import EtcdSubscription, Keys

_DEFAULT_ROOT: Final = "/pyro"
_NAMES_AT_ONCE: Final = 50
"""Names in one transaction: etcd takes 128 operations in one, unless it is told otherwise."""
_ATTEMPTS: Final = 200
"""How often a change is decided again because somebody else was quicker."""
_LOCATION: Final = (
    "HOST:PORT[,HOST:PORT...][/ROOT], with https:// in front and ?ca=FILE&cert=FILE&key=FILE for TLS"
)


class _Found(NamedTuple):
    """What etcd has for a name."""

    entry: Entry
    revision: str
    lease: str
    value: bytes


class EtcdStorage(Storage):
    """Keeps names in etcd.

    What a method has stored when it returns survives as long as most of etcd's members do. The storage goes
    on with the other members when one is lost. Leases last whole seconds, at least 2, by etcd's clock.

    Args:
        gateway: Where etcd is; closed with the storage.
        root: What all keys begin with.

    Raises:
        NamingError: If etcd cannot be reached.
    """

    name: ClassVar[str] = "etcd"

    def __init__(self, gateway: EtcdGateway, root: str = _DEFAULT_ROOT) -> None:
        self._gateway = gateway
        self._keys = Keys(root)
        self._subscriptions: weakref.WeakSet[EtcdSubscription] = weakref.WeakSet()
        try:
            self._base = self._begun()
        except BaseException:
            gateway.close()
            raise

    @classmethod
    def open(cls, location: str) -> Self:
        members, root = parse_location(location)
        return cls(EtcdGateway(members), root)

    def put(
        self,
        name: str,
        uri: str,
        tags: frozenset[str] = NO_TAGS,
        *,
        replace: bool = True,
        ttl_s: float | None = None,
        owner: str = "",
        by: str | None = None,
    ) -> bool:
        operation = uuid4().hex
        value = to_json(Entry(uri, tags, ttl_s, owner), operation=operation).encode()
        put = {"key": self._keys.of(name), "value": encoded(value)}
        if ttl_s is not None:
            put["lease"] = self._gateway.ask("/v3/lease/grant", {"TTL": str(math.ceil(ttl_s))}).data["ID"]
        done = False

        def decide(found: dict[str, _Found], repeated: bool) -> list[dict[str, Any]]:
            nonlocal done
            before = found.get(name)
            done = before is None or replace or (repeated and before.value == value)
            if not done or (before is not None and before.value == value):
                return []
            may_change(name, before and before.entry, by)
            return [{"request_put": put}]

        self._change([name], decide)
        return done

    def set_tags(self, name: str, tags: frozenset[str], *, by: str | None = None) -> bool:
        operation = uuid4().hex
        done = False

        def decide(found: dict[str, _Found], repeated: bool) -> list[dict[str, Any]]:
            nonlocal done
            done = name in found
            if not done or operation.encode() in found[name].value:
                return []
            entry = found[name].entry
            may_change(name, entry, by)
            value = to_json(entry._replace(tags=tags), operation=operation).encode()
            key = self._keys.of(name)
            return [{"request_put": {"key": key, "value": encoded(value), "ignore_lease": True}}]

        self._change([name], decide)
        return done

    def remove(self, name: str, *, only_uri: str | None = None, by: str | None = None) -> bool:
        def wanted(entry: Entry) -> bool:
            if only_uri not in (None, entry.uri):
                return False
            may_change(name, entry, by)
            return True

        return self._remove([name], wanted_of={name: wanted}) == 1

    def remove_many(self, names: Iterable[str], *, by: str | None = None) -> int:
        def wanted(entry: Entry) -> bool:
            return entry.ttl_s is None or by in (None, entry.owner)

        distinct = sorted(set(names))
        parts = [
            distinct[start : start + _NAMES_AT_ONCE] for start in range(0, len(distinct), _NAMES_AT_ONCE)
        ]
        return sum(self._remove(part, wanted_of=dict.fromkeys(part, wanted)) for part in parts)

    def renew(self, names: Iterable[str], *, by: str | None = None) -> frozenset[str]:
        renewed = set()
        for name, found in self._find_each(sorted(set(names))).items():
            with contextlib.suppress(NameOwned):
                may_change(name, found.entry, by)
                if found.lease:
                    answer = self._gateway.ask("/v3/lease/keepalive", {"ID": found.lease}).data
                    if int(answer.get("result", {}).get("TTL", 0)) > 0:
                        renewed.add(name)
        return frozenset(renewed)

    def expire(self) -> list[str]:
        """Etcd does that by itself."""
        return []

    def time_left(self, names: Iterable[str]) -> dict[str, float]:
        found = self._find_each(sorted(set(names)))
        asked = {name: self._lease_left_s(one.lease) for name, one in found.items() if one.lease}
        return {name: left for name, left in asked.items() if left >= 0}

    def _lease_left_s(self, lease: str) -> float:
        """Seconds, whole ones; less than 0 if it is gone."""
        return float(self._gateway.ask("/v3/lease/timetolive", {"ID": lease}).data.get("TTL", 0))

    def get(self, name: str) -> Entry | None:
        found = self._find_each([name]).get(name)
        return None if found is None else found.entry

    def count(self) -> int:
        answer = self._gateway.ask("/v3/kv/range", {**self._keys.names(), "count_only": True}).data
        return int(answer.get("count", 0))

    def find(self, prefix: str = "") -> dict[str, Entry]:
        return self._read(prefix).entries

    def find_all_tags(self, tags: frozenset[str]) -> dict[str, Entry]:
        return {name: entry for name, entry in self.find().items() if tags <= entry.tags}

    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Entry]:
        return {name: entry for name, entry in self.find().items() if tags & entry.tags} if tags else {}

    def snapshot(self) -> Snapshot:
        return self._read("")

    def subscribe(self, after: int) -> Subscription:
        now = int(self._gateway.ask("/v3/kv/range", {"key": self._keys.begun}).data["header"]["revision"])
        if not 0 < after - self._base <= now:
            raise RevisionGone(after)
        subscription = EtcdSubscription(self._gateway, self._keys, self._base, after)
        self._subscriptions.add(subscription)
        return subscription

    def close(self) -> None:
        self._gateway.close()
        for subscription in list(self._subscriptions):
            subscription.hang_up()

    def _begun(self) -> int:
        """What is added to the revisions of etcd: chosen when these names began, so that it is no other's."""
        put = {"key": self._keys.begun, "value": encoded(str(first_revision()).encode())}
        get = {"request_range": {"key": self._keys.begun}}
        answer = self._gateway.ask(
            "/v3/kv/txn",
            {
                "compare": [_unchanged(self._keys.begun, "0")],
                "success": [{"request_put": put}, get],
                "failure": [get],
            },
        ).data
        (kv,) = answer["responses"][-1]["response_range"]["kvs"]
        return int(decoded(kv["value"]))

    def _read(self, prefix: str) -> Snapshot:
        answer = self._gateway.ask("/v3/kv/range", self._keys.names(prefix)).data
        entries = {self._keys.name_in(kv["key"]): _found(kv).entry for kv in answer.get("kvs", ())}
        return Snapshot(self._base + int(answer["header"]["revision"]), entries)

    def _find_each(self, names: list[str]) -> dict[str, _Found]:
        found = {}
        for start in range(0, len(names), _NAMES_AT_ONCE):
            part = names[start : start + _NAMES_AT_ONCE]
            reads = [{"request_range": {"key": self._keys.of(name)}} for name in part]
            answer = self._gateway.ask("/v3/kv/txn", {"success": reads}).data
            for name, response in zip(part, answer["responses"], strict=True):
                for kv in response["response_range"].get("kvs", ()):
                    found[name] = _found(kv)
        return found

    def _remove(self, names: list[str], *, wanted_of: dict[str, Callable[[Entry], bool]]) -> int:
        """Remove those of a few names for whose entry a function says so; gives how many those were."""
        count = 0

        def decide(found: dict[str, _Found], repeated: bool) -> list[dict[str, Any]]:
            nonlocal count
            going = [name for name in found if wanted_of[name](found[name].entry)]
            if repeated and not going:
                return []  # the first attempt did it
            count = len(going)
            deletions = [{"request_delete_range": {"key": self._keys.of(name)}} for name in going]
            mark = {"request_put": {"key": self._keys.removed, "value": encoded(uuid4().bytes)}}
            return [*deletions, mark] if deletions else []

        self._change(names, decide)
        return count

    def _change(
        self, names: list[str], decide: Callable[[dict[str, _Found], bool], list[dict[str, Any]]]
    ) -> None:
        """Do what is decided about names, if that is still true of all of them; else decide again.

        Args:
            names: A few names.
            decide: Called with what there is, and whether an earlier decision may have been carried out
                already; gives operations, none to leave everything as it is.
        """
        repeated = False
        for _ in range(_ATTEMPTS):
            found = self._find_each(names)
            operations = decide(found, repeated)
            if not operations:
                return
            revisions = {name: found[name].revision if name in found else "0" for name in names}
            compare = [_unchanged(self._keys.of(name), revision) for name, revision in revisions.items()]
            answer = self._gateway.ask("/v3/kv/txn", {"compare": compare, "success": operations})
            if answer.data.get("succeeded"):
                return
            repeated = answer.repeated
        raise NamingError(
            f"too many others change {', '.join(map(repr, names))} at the same time; try again later"
        )


def parse_location(location: str) -> tuple[list[Member], str]:
    """The members and the root that a text names.

    Raises:
        ValueError: If it names none.
    """
    try:
        parts = urlsplit(location if "://" in location else f"http://{location}")
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        if parts.scheme not in ("http", "https") or parts.fragment:
            raise ValueError(f"{parts.scheme!r} is not http or https")
        tls = _tls(parts.scheme, options)
        members = [_member(text, tls) for text in parts.netloc.split(",")]
    except (ValueError, OSError) as problem:
        raise ValueError(
            f"the etcd storage cannot use {location!r} ({problem}); write {_LOCATION}"
        ) from problem
    return members, parts.path.rstrip("/") or _DEFAULT_ROOT


def _tls(scheme: str, options: dict[str, str]) -> ssl.SSLContext | None:
    unknown = options.keys() - ({"ca", "cert", "key"} if scheme == "https" else set())
    if unknown:
        raise ValueError(f"unknown for {scheme}: {', '.join(sorted(unknown))}")
    if scheme == "http":
        return None
    context = ssl.create_default_context(cafile=options.get("ca"))
    if "cert" in options:
        context.load_cert_chain(options["cert"], options.get("key"))
    return context


def _member(text: str, tls: ssl.SSLContext | None) -> Member:
    parts = urlsplit(f"//{text}")
    if parts.hostname is None or parts.port is None or parts.username is not None:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return Member(parts.hostname, parts.port, tls)


def _unchanged(key: str, revision: str) -> dict[str, Any]:
    return {"key": key, "target": "MOD", "result": "EQUAL", "mod_revision": revision}


def _found(kv: dict[str, Any]) -> _Found:
    value = decoded(kv.get("value", ""))
    return _Found(from_json(value), kv["mod_revision"], kv.get("lease", ""), value)
