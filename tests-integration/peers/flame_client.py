"""Uses a flame server by the interface of Pyro4: ``flame_client.py LOCATION FILE`` prints what came of it."""

import json
import sys

import Pyro4
import Pyro4.utils.flame


def main(location: str, path: str) -> None:
    Pyro4.config.SERIALIZER = "pickle"
    found = {}
    with Pyro4.utils.flame.connect(location) as flame:
        module = flame.module("os.path")
        found["module"] = [
            module.join("a", "b"),
            flame.module("xml.dom.minidom").parseString.__class__.__name__,
        ]
        found["described"] = f"module 'os.path' at {location}" in str(module)
        found["builtin"] = flame.builtin("max")([1, 3], key=None)
        flame.execute("import math")
        found["evaluate"] = flame.evaluate("math.sqrt(16)")
        try:
            flame.evaluate("1 // 0")
        except ZeroDivisionError as error:
            found["error"] = str(error)
        flame.sendmodule("flame_example.stuff", "def double(x):\n    return 2 * x\n")
        found["sent module"] = flame.module("flame_example.stuff").double(21)
        found["source"] = "def loads" in flame.getmodule("json")
        flame.sendfile(path, b"\x00sent")
        found["file"] = flame.getfile(path).decode()
        with flame.console() as console:
            remote = console.remoteconsole
            lines = ["x = 20", "if x:", "    print(x + 1)", "", "1 / 0"]
            found["console"] = [list(remote.push_and_get_output(line)) for line in lines[:-1]]
            found["console error"] = "ZeroDivisionError" in remote.push_and_get_output(lines[-1])[0]
            found["banner"] = f"(Remote console on {location})" in remote.get_banner()
        with flame.console() as console:
            console.interact()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
