"""A client of a stock generation, put through every kind of call.

Usage: python stock_client.py 4|5 URI SERIALIZER. Prints one JSON object: scenario -> what came of it.
A scenario that raised gives {"raised": type name, "text": ..., "traceback": remote traceback or null}.
"""

import json
import os
import sys
import uuid

GENERATION, URI, SERIALIZER = sys.argv[1:4]
if GENERATION == "4":
    import Pyro4 as api
    from Pyro4.message import Message

    ping = Message.ping
else:
    import Pyro5.api as api
    from Pyro5.protocol import SendingMessage

    ping = SendingMessage.ping
api.config.SERIALIZER = SERIALIZER


def connected(uri):
    proxy = api.Proxy(uri)
    if "SHARED_KEY" in os.environ:
        proxy._pyroHmacKey = os.environ["SHARED_KEY"]
    return proxy


def batch_of(proxy):
    return api.batch(proxy) if GENERATION == "4" else api.BatchProxy(proxy)


def call(p):
    return [p.add(2, 3), p.add(2, b=5), p.echo(None), p.echo({"a": [1, 2.5, True, None], "b": "h\xe9\u20ac"})]


def attributes(p):
    before = p.value
    p.value = 99
    after = p.value
    p.value = before
    return [before, after]


def exception(p):
    return p.divide(1, 0)


def exception_attribute(p):
    try:
        p.fail_with_attribute()
    except ValueError as error:
        return [list(error.args), error.extra]


def exception_own(p):
    try:
        p.fail_with_own_class()
    except Exception as error:
        return [type(error).__name__, p.add(1, 1)]


def survives_exit(p):
    try:
        p.leave()
    except Exception as error:
        return [type(error).__name__, p.add(1, 1)]
    except SystemExit:
        return ["SystemExit", p.add(1, 1)]


def private(p):
    return p._pyroInvoke("_private", (), {})


def oneway(p):
    return [p.note("hello"), p.wait_for_note()]


def batch(p):
    calls = batch_of(p)
    calls.add(1, 2)
    calls.echo("x")
    calls.divide(1, 0)
    calls.add(5, 5)
    results = []
    try:
        for result in calls():
            results.append(result)
    except ZeroDivisionError:
        results.append("ZeroDivisionError")
    return results


def batch_oneway(p):
    calls = batch_of(p)
    calls.note("from a batch")
    return [calls(oneway=True), p.wait_for_note()]


def stream(p):
    return list(p.count_to(4))


def stream_closed(p):
    items = p.count_to(1000)
    first = next(items)
    items.close()
    return [first, p.wait_for_close()]


def metadata(p):
    p._pyroBind()
    return [sorted(p._pyroMethods), sorted(p._pyroOneway), sorted(p._pyroAttrs)]


def wire_ping(p):
    p._pyroBind()
    if GENERATION == "4":
        ping(p._pyroConnection, p._pyroHmacKey)
    else:
        ping(p._pyroConnection)
    return p.add(1, 1)


def daemon_object(p):
    p._pyroBind()
    with connected("PYRO:Pyro.Daemon@" + p._pyroUri.location) as daemon:
        return [daemon.ping(), p._pyroUri.object in daemon.registered(), isinstance(daemon.info(), str)]


def compression(p):
    api.config.COMPRESSION = True
    try:
        return p.echo("long " * 5000) == "long " * 5000
    finally:
        api.config.COMPRESSION = False


def annotations(p):
    api.current_context.annotations = {"TEST": b"from the client"}
    seen = p.annotations()
    return [seen, bytes(api.current_context.response_annotations["RESP"]).decode()]


def correlation(p):
    api.current_context.correlation_id = uuid.UUID("11112222-3333-4444-5555-666677778888")
    try:
        return p.correlation()
    finally:
        api.current_context.correlation_id = None


def blob(p):
    kind = api.core.SerializedBlob if GENERATION == "4" else api.SerializedBlob
    return [list(p.blob(kind("label", value))[1]) for value in ([1, 2], [3])]


def main():
    outcomes = {}
    scenarios = [
        call, attributes, exception, exception_attribute, exception_own, survives_exit, private, oneway,
        batch, batch_oneway, stream, stream_closed, metadata, wire_ping, daemon_object, compression,
        annotations, correlation, blob,
    ]  # fmt: skip
    for scenario in scenarios:
        with connected(URI) as proxy:
            proxy._pyroTimeout = 20
            try:
                outcomes[scenario.__name__] = scenario(proxy)
            except Exception as error:
                lines = getattr(error, "_pyroTraceback", None)
                outcomes[scenario.__name__] = {
                    "raised": type(error).__name__,
                    "text": str(error),
                    "traceback": "".join(lines) if lines else None,
                }
    print(json.dumps(outcomes))


main()
