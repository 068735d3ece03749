"""Reproducible software bill of materials (SBOM) in CycloneDX 1.6 format."""

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
    """Return the bill of materials of `app`, which contains `parts`, as JSON.

    `digests`: SHA-256 of parts that are single files, by name. `timestamp`: build time in seconds since 1970, omitted
    if None. Raises ComponentError if the result is not valid.
    """
    by_name = {part.name: _part(part, digests.get(part.name)) for part in parts}
    bom = Bom(components=by_name.values())
    bom.metadata.component = root = _part(app, None, ComponentType.APPLICATION)
    for part in parts:
        if part.inside not in by_name:
            bom.register_dependency(root, [by_name[part.name]])
        bom.register_dependency(
            by_name[part.name], [by_name[other.name] for other in parts if other.inside == part.name]
        )
    # Derived from the content: the library's default is random.
    bom.serial_number = uuid5(NAMESPACE_URL, repr([(part, digests.get(part.name)) for part in (app, *parts)]))
    bom.metadata.timestamp = datetime.fromtimestamp(timestamp or 0, UTC)
    text = _format_json(JsonV1Dot6(bom), timestamp)
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error:
        raise ComponentError(f"The bill of materials is not valid CycloneDX: {error}. Mend packaging/sbom.py.")
    return text


def package_url(part: Component) -> PackageURL:
    """Return the package URL (purl) of a part."""
    if part.origin == "deb":
        return PackageURL("deb", "debian", part.name, part.version, {"arch": "source"})
    qualifiers = {"download_url": part.source} if part.origin == "generic" and part.source else None
    return PackageURL(part.origin, None, part.name, part.version or None, qualifiers)


def _part(part: Component, digest: str | None, kind: ComponentType | None = None) -> Part:
    links = [ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(part.source))] if part.source else []
    purl = package_url(part)
    return Part(
        name=part.name,
        version=part.version or None,
        type=kind or _TYPES[part.kind],
        licenses=[LicenseFactory().make_from_string(part.licence)],
        bom_ref=hashlib.sha256(f"{purl} {part.inside}".encode()).hexdigest()[:16],
        purl=purl,
        description=part.note or None,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else [],
        external_references=links,
    )


def _format_json(writer: JsonV1Dot6, timestamp: int | None) -> str:
    """Return the JSON without the timestamp that the library always writes, unless `timestamp` is given."""
    content = json.loads(writer.output_as_string())
    if timestamp is None:
        del content["metadata"]["timestamp"]
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
