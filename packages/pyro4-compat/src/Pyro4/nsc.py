"""The command that asks a name server of Pyro4, and changes what it knows."""

import sys
from collections.abc import Callable, Mapping, Sequence
from optparse import OptionParser
from typing import Any

from Pyro4.errors import PyroError
from Pyro4.facade.locating import locateNS
from pyro_core.uri import UNIX_PREFIX

_ANY_NUMBER = 1_000_000
_SURE = "Potentially removing lots of items from the Name server. Are you sure (y/n)?"


def handleCommand(nameserver: Any, options: Any, args: Sequence[str]) -> int:
    """Carry out a command and print what comes of it.

    Args:
        nameserver: A name server, or its proxy.
        options: Options of the command line; None for none.
        args: The command and its arguments.

    Returns:
        What the process should end with: 0, or 1 if the command failed.

    Raises:
        SystemExit: If the command does not take so many arguments.
    """
    name, *rest = args
    verbose = getattr(options, "verbose", False)
    failed = 0
    try:
        command, fewest, most, complaint = _COMMANDS[name]
        if not fewest <= len(rest) <= most:
            sys.exit(f"requires {complaint}")
        command(nameserver, rest)
    except Exception as problem:
        print(f"Error: {type(problem).__name__} - {problem}")
        failed = 1
    if verbose:
        print("Done.")
    return failed


def _ping(nameserver: Any, _: Sequence[str]) -> None:
    nameserver.ping()
    print("Name server ping ok.")


def _lookup(nameserver: Any, args: Sequence[str]) -> None:
    uri, metadata = nameserver.lookup(args[0], return_metadata=True)
    print(uri)
    if metadata:
        print("metadata:", sorted(metadata))


def _register(nameserver: Any, args: Sequence[str]) -> None:
    name, uri = args
    nameserver.register(name, uri, safe=True)
    print(f"Registered {name}")


def _remove(nameserver: Any, args: Sequence[str]) -> None:
    removed = nameserver.remove(args[0])
    print(f"Removed {args[0]}" if removed else "Nothing removed")


def _remove_matching(nameserver: Any, args: Sequence[str]) -> None:
    if input(_SURE).lower() in ("y", "yes"):
        print(f"{nameserver.remove(regex=args[0])} items removed.")


def _set_metadata(nameserver: Any, args: Sequence[str]) -> None:
    name, *tags = args
    nameserver.set_metadata(name, tags)
    print("Metadata updated" if tags else "Metadata cleared")


def _list(nameserver: Any, args: Sequence[str]) -> None:
    title = f"- prefix '{args[0]}'" if args else ""
    _print_list(nameserver.list(prefix=args[0] if args else None, return_metadata=True), title)


def _list_matching(nameserver: Any, args: Sequence[str]) -> None:
    _print_list(nameserver.list(regex=args[0], return_metadata=True), f"- regex '{args[0]}'")


def _list_meta_all(nameserver: Any, args: Sequence[str]) -> None:
    _print_list(nameserver.list(metadata_all=args, return_metadata=True), " - searched by metadata")


def _list_meta_any(nameserver: Any, args: Sequence[str]) -> None:
    _print_list(nameserver.list(metadata_any=args, return_metadata=True), " - searched by metadata")


def _print_list(found: Mapping[str, Any], title: str) -> None:
    print(f"--------START LIST {title}")
    for name, (uri, metadata) in sorted(found.items()):
        print(f"{name} --> {uri}")
        if metadata:
            print(f"    metadata: {sorted(metadata)}")
    print(f"--------END LIST {title}")


_COMMANDS: Mapping[str, tuple[Callable[[Any, Sequence[str]], None], int, int, str]] = {
    "register": (_register, 2, 2, "two arguments: name uri"),
    "remove": (_remove, 1, 1, "one argument: name"),
    "removematching": (_remove_matching, 1, 1, "one argument: pattern"),
    "lookup": (_lookup, 1, 1, "one argument: name"),
    "list": (_list, 0, 1, "at most one argument: prefix"),
    "listmatching": (_list_matching, 1, 1, "one argument: pattern"),
    "listmeta_all": (_list_meta_all, 1, _ANY_NUMBER, "at least one metadata tag argument"),
    "listmeta_any": (_list_meta_any, 1, _ANY_NUMBER, "at least one metadata tag argument"),
    "setmeta": (_set_metadata, 1, _ANY_NUMBER, "at least one argument: name, and zero or more metadata tags"),
    "ping": (_ping, 0, _ANY_NUMBER, ""),
}


def main(args: Sequence[str] | None = None) -> None:
    """Ask a name server, as the command line says; ends the process with 1 if that failed.

    Args:
        args: Options and command; None takes those of the command line.
    """
    usage = "usage: %prog [options] command [arguments]\nCommands: " + " ".join(_COMMANDS)
    parser = OptionParser(usage=usage)
    parser.add_option("-n", "--host", help="hostname of the NS")
    parser.add_option(
        "-p", "--port", type="int", help="port of the NS (broadcast port, if host is not given)"
    )
    parser.add_option("-u", "--unixsocket", help="Unix domain socket name of the NS")
    parser.add_option("-k", "--key", help="the HMAC key to use (deprecated)")
    parser.add_option("-v", "--verbose", action="store_true", default=False, help="verbose output")
    options, command = parser.parse_args(None if args is None else list(args))
    if not command or command[0] not in _COMMANDS:
        parser.error("invalid or missing command")
    if options.verbose:
        print("Locating name server...")
    host = f"{UNIX_PREFIX}{options.unixsocket}" if options.unixsocket else options.host
    try:
        nameserver = locateNS(host, options.port, hmac_key=options.key)
    except PyroError as problem:
        print(f"Error: {problem}")
        sys.exit(1)
    with nameserver:
        if options.verbose:
            print(f"Name server found: {nameserver._pyroUri}")
        if handleCommand(nameserver, options, command):
            sys.exit(1)


if __name__ == "__main__":
    main()
