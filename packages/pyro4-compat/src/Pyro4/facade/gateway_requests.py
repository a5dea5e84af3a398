"""What a request to the HTTP gateway says."""

import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from Pyro4.configuration import config
from pyro_core.setting_groups import MESSAGE_LIMIT

Environ = Mapping[str, Any]

MAX_PARAMETERS: Final = 1000
KEY_PARAMETER: Final = "$key"
_FORM: Final = "application/x-www-form-urlencoded"


class TooLargeError(Exception):
    """The form is larger than ``config.MAX_MESSAGE_SIZE``."""


def path_of(environ: Environ) -> str:
    """The path of the address, without the slash in front."""
    raw: str = environ.get("PATH_INFO", "")
    return raw.encode("latin-1").decode("utf-8", "replace").lstrip("/")


def parameters_of(environ: Environ) -> dict[str, list[str]]:
    """The values of each parameter, in the form and in the address.

    Raises:
        TooLargeError: If the form is too large.
        ValueError: If there are too many parameters, or the form is not text.
    """
    texts = [environ.get("QUERY_STRING", "")]
    if environ["REQUEST_METHOD"] == "POST":
        texts.insert(0, _form(environ).decode("utf-8"))
    found: dict[str, list[str]] = {}
    for text in texts:
        for name, value in parse_qsl(text, max_num_fields=MAX_PARAMETERS):
            found.setdefault(name, []).append(value)
    return found


def singlyfy_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    """The same dict, with the value itself in place of each list of one value."""
    for name, values in parameters.items():
        if isinstance(values, list | tuple) and len(values) == 1:
            parameters[name] = values[0]
    return parameters


def has_key(environ: Environ, parameters: Mapping[str, Iterable[str]], key: bytes | str | None) -> bool:
    """Whether a request comes with the gateway's key; without one, every request does.

    Args:
        environ: The request.
        parameters: Its parameters.
        key: The key.
    """
    if not key:
        return True
    wanted = key.encode() if isinstance(key, str) else key
    given = environ.get("HTTP_X_PYRO_GATEWAY_KEY") or "".join(parameters.get(KEY_PARAMETER, ()))
    return hmac.compare_digest(given.encode(errors="replace"), wanted)


def hide_key(text: str) -> str:
    """The same text without the value of a key, for logs."""
    return re.sub(r"((?:\$|%24)key=)[^&\s]*", r"\1...", text)


def wants_oneway(environ: Environ) -> bool:
    """Whether the request asks not to wait for the result."""
    return "oneway" in [option.strip() for option in environ.get("HTTP_X_PYRO_OPTIONS", "").split(",")]


def correlation_id_of(environ: Environ) -> UUID:
    """The correlation id that came with the request, or a new one.

    Raises:
        ValueError: If what came is not one.
    """
    given = environ.get("HTTP_X_PYRO_CORRELATION_ID")
    return UUID(given) if given else uuid4()


def _form(environ: Environ) -> bytes:
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != _FORM:
        return b""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    limit = config.MAX_MESSAGE_SIZE or MESSAGE_LIMIT
    if not 0 <= size <= limit:
        raise TooLargeError(f"a form of {size} bytes is larger than the limit of {limit} bytes")
    form: bytes = environ["wsgi.input"].read(size)
    return form
