"""The bill of materials, as CycloneDX 1.6 writes it: the same bytes for the same parts."""

# The library's decorators hide its constructors' parameters from the type checker.
# pyright: basic, reportCallIssue=false, reportAttributeAccessIssue=false, reportArgumentType=false

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from component_list import Component, ComponentError
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as Part
from cyclonedx.model.component import ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

_TYPES = {
    "package": ComponentType.LIBRARY,
    "library": ComponentType.LIBRARY,
    "program": ComponentType.APPLICATION,
    "font": ComponentType.DATA,
    "music": ComponentType.DATA,
}


def format_sbom(
    app: Component, parts: Sequence[Component], digests: Mapping[str, str], timestamp: int | None = None
) -> str:
    """The bill of materials of `app`, which is made of `parts`, as JSON.

    `digests`: SHA-256 of the file that a part is, by the part's name, where it is one. `moment`: seconds since 1970,
    to be written down as the time of making; without, none is. Raises ComponentError when the result is not valid.
    """
    made = {part.name: _part(part, digests.get(part.name)) for part in parts}
    bom = Bom(components=made.values())
    bom.metadata.component = whole = _part(app, None, ComponentType.APPLICATION)
    for part in parts:
        if part.inside not in made:
            bom.register_dependency(whole, [made[part.name]])
        bom.register_dependency(made[part.name], [made[one.name] for one in parts if one.inside == part.name])
    # Anything that can be named, and then derived from: else it would be drawn by lot.
    bom.serial_number = uuid5(NAMESPACE_URL, repr([(part, digests.get(part.name)) for part in (app, *parts)]))
    bom.metadata.timestamp = datetime.fromtimestamp(timestamp or 0, UTC)
    text = _format_json(JsonV1Dot6(bom), timestamp)
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error:
        raise ComponentError(f"The bill of materials is not valid CycloneDX: {error}. Mend packaging/sbom.py.")
    return text


def package_url(part: Component) -> PackageURL:
    """The package address (purl) of a part."""
    if part.origin == "deb":
        return PackageURL("deb", "debian", part.name, part.version, {"arch": "source"})
    more = {"download_url": part.source} if part.origin == "generic" and part.source else None
    return PackageURL(part.origin, None, part.name, part.version or None, more)


def _part(part: Component, digest: str | None, kind: ComponentType | None = None) -> Part:
    where = [ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(part.source))] if part.source else []
    named = package_url(part)
    return Part(
        name=part.name,
        version=part.version or None,
        type=kind or _TYPES[part.kind],
        licenses=[LicenseFactory().make_from_string(part.licence)],
        bom_ref=hashlib.sha256(f"{named} {part.inside}".encode()).hexdigest()[:16],
        purl=named,
        description=part.note or None,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else [],
        external_references=where,
    )


def _format_json(writer: JsonV1Dot6, timestamp: int | None) -> str:
    """The library always writes a time; without `moment` there is none that would be the same twice."""
    written = json.loads(writer.output_as_string())
    if timestamp is None:
        del written["metadata"]["timestamp"]
    return json.dumps(written, indent=2, sort_keys=True) + "\n"
