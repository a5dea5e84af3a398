"""A stock client of a name server, which reports in one JSON object.

Usage: python stock_ns_client.py 4|5 HOST PORT SERIALIZER
"""

import json
import sys

GENERATION, HOST, PORT, SERIALIZER = sys.argv[1:5]
if GENERATION == "4":
    import Pyro4 as api

    api.config.SERIALIZER = SERIALIZER
    ns = api.locateNS(HOST, int(PORT))
else:
    import Pyro5.api as api

    api.config.SERIALIZER = SERIALIZER
    ns = api.locate_ns(HOST, int(PORT))

URI = "PYRO:obj@localhost:4444"
api.config.NS_HOST, api.config.NS_PORT = HOST, int(PORT)


def plain(value):
    if isinstance(value, api.URI):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def attempt(call, *args, **kwargs):
    try:
        return plain(call(*args, **kwargs))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def by_tags(**tags):
    if GENERATION == "5":
        return attempt(ns.yplookup, **tags)
    return attempt(
        ns.list, return_metadata=True, **{key.replace("meta_", "metadata_"): v for key, v in tags.items()}
    )


found = {
    "ping": attempt(ns.ping),
    "register": attempt(ns.register, "interop.a", URI, metadata=["red", "round"]),
    "register_b": attempt(ns.register, "interop.b", URI),
    "register_safe": attempt(ns.register, "interop.a", URI, safe=True),
    "lookup": attempt(ns.lookup, "interop.a"),
    "lookup_unknown": attempt(ns.lookup, "interop.nothing"),
    "list_prefix": attempt(ns.list, prefix="interop."),
    "list_regex": attempt(ns.list, regex=r".+\.b"),
    "set_metadata": attempt(ns.set_metadata, "interop.b", ["blue", "round"]),
    "tags_all": by_tags(meta_all=["round", "blue"]),
    "tags_any": by_tags(meta_any=["red", "blue"]),
    "resolve_name": attempt(api.resolve, "PYRONAME:interop.a"),
    "resolve_tags": attempt(api.resolve, "PYROMETA:red,round"),
    "count": ns.count() >= 3,
    "remove": attempt(ns.remove, "interop.a"),
    "remove_prefix": attempt(ns.remove, prefix="interop."),
    "remove_missing": attempt(ns.remove, "interop.a"),
    "remove_itself": attempt(ns.remove, prefix="Pyro."),
}
if SERIALIZER != "marshal":
    ns.register("interop.c", URI, metadata=["x"])
    found["lookup_metadata"] = attempt(ns.lookup, "interop.c", return_metadata=True)
    ns.remove("interop.c")
print(json.dumps(found))
