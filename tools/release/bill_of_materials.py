"""A bill of materials of a wheel: everything that installing it brings, in CycloneDX 1.6 as JSON.

It is made from an environment into which the wheel was installed, so that it tells the versions that were
tested together. What comes only with extras is optional. It holds no time and no random number: the same
versions give the same text.
"""

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

import check_wheels

from release.problem import ReleaseError

SPECIFICATION = "1.6"
# A name space of ours for serial numbers that depend on the content alone.
_SERIALS = uuid.uuid5(uuid.NAMESPACE_DNS, "python-remote-objects.invalid")
_ASK = """
import importlib.metadata, json, re
def plain(name): return re.sub(r"[-_.]+", "-", name).lower()
found = {}
for one in importlib.metadata.distributions():
    meta = one.metadata
    names = [re.match(r"[A-Za-z0-9._-]+", text)[0] for text in one.requires or ()]
    found[plain(meta["Name"])] = {
        "version": one.version, "summary": meta["Summary"], "license": meta["License-Expression"],
        "requires": sorted({plain(name) for name in names}),
    }
print(json.dumps(found))
"""


def installed(python: Path) -> dict[str, Any]:
    """What is installed in an environment: name -> version, summary, licence, names of what it asks for."""
    found: dict[str, Any] = json.loads(check_wheels.run(python, "-I", "-c", _ASK))
    return found


def compose(wheel: Path, name: str, everything: dict[str, Any], required: frozenset[str]) -> str:
    """The bill of materials of a wheel.

    Args:
        wheel: The file.
        name: Of its distribution.
        everything: What is installed with all its extras, as from ``installed``.
        required: Names of what is installed without extras.
    """
    references = {other: f"pkg:pypi/{other}@{details['version']}" for other, details in everything.items()}
    components = []
    for other, details in sorted(everything.items()):
        if other != name:
            component = _component(other, details, references[other])
            components.append(component | {"scope": "required" if other in required else "optional"})
    dependencies = [
        {
            "ref": references[other],
            "dependsOn": sorted(
                references[one] for one in details["requires"] if one in references and one != other
            ),
        }
        for other, details in sorted(everything.items())
    ]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    main = _component(name, everything[name], references[name])
    main["hashes"] = [{"alg": "SHA-256", "content": digest}]
    bill = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {"component": main},
        "components": components,
        "dependencies": dependencies,
    }
    serial = uuid.uuid5(_SERIALS, json.dumps(bill, sort_keys=True))
    return json.dumps(bill | {"serialNumber": f"urn:uuid:{serial}"}, indent=2, sort_keys=True) + "\n"


def _component(name: str, details: dict[str, Any], reference: str) -> dict[str, Any]:
    component = {
        "type": "library",
        "name": name,
        "version": details["version"],
        "purl": reference,
        "bom-ref": reference,
    }
    if details["summary"]:
        component["description"] = details["summary"]
    if details["license"]:
        component["licenses"] = [{"expression": details["license"]}]
    return component


def validate(text: str) -> None:
    """Compare a bill with the schema of its specification, which comes with the library.

    Raises:
        ReleaseError: If it does not keep to it.
    """
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    if problem := JsonStrictValidator(SchemaVersion.from_version(SPECIFICATION)).validate_str(text):
        raise ReleaseError(f"the bill of materials does not keep to CycloneDX {SPECIFICATION}: {problem}")
    bill = json.loads(text)
    known = {one["bom-ref"] for one in (bill["metadata"]["component"], *bill["components"])}
    unknown = {one for line in bill["dependencies"] for one in (line["ref"], *line["dependsOn"])} - known
    if unknown:
        raise ReleaseError(
            f"the bill of materials mentions what it does not list: {', '.join(sorted(unknown))}"
        )
