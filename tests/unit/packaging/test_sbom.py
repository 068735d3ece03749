"""The software bill of materials is valid, complete, and the same for the same components."""

import json
from dataclasses import replace

from component_list import Component
from sbom import format_sbom

APP = Component("unbraid", "1.0", "MIT", kind="program")
COMPONENTS = [
    Component("av", "18.1.0", "BSD-3-Clause", origin="pypi", source="https://pypi.org/project/av/18.1.0/"),
    Component("FFmpeg", "8.1.2", "LGPL-2.1-or-later", "library", inside="av", source="https://ffmpeg.org/f.tar.xz"),
    Component("zlib", "1:1.2.13.dfsg-1", "Zlib", "library", "deb"),
    Component("bootloader", "6", "GPL-2.0-or-later WITH Bootloader-exception", "program"),
    Component("runtime", "", "LicenseRef-Microsoft-Visual-C-Runtime", "library"),
    Component("torch", "2.13.0+cpu", "Apache-2.0 AND MIT", origin="pypi"),
]


def test_every_component_has_its_url_version_and_licence() -> None:
    bom = json.loads(format_sbom(APP, COMPONENTS, {"FFmpeg": "ab" * 32}))
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    assert bom["metadata"]["component"]["name"] == "unbraid"
    found = {component["name"]: component for component in bom["components"]}
    assert set(found) == {component.name for component in COMPONENTS}
    assert found["torch"]["purl"] == "pkg:pypi/torch@2.13.0%2Bcpu"
    assert found["zlib"]["purl"] == "pkg:deb/debian/zlib@1:1.2.13.dfsg-1?arch=source"
    assert found["FFmpeg"]["version"] == "8.1.2"
    assert found["FFmpeg"]["licenses"] == [{"license": {"id": "LGPL-2.1-or-later"}}]
    assert found["FFmpeg"]["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert found["bootloader"]["licenses"] == [{"expression": "GPL-2.0-or-later WITH Bootloader-exception"}]
    assert all(component["licenses"] for component in found.values())


def test_dependencies_state_which_component_contains_which() -> None:
    bom = json.loads(format_sbom(APP, COMPONENTS, {}))
    refs = {component["name"]: component["bom-ref"] for component in bom["components"]}
    dependencies = {row["ref"]: row.get("dependsOn", []) for row in bom["dependencies"]}
    assert dependencies[refs["av"]] == [refs["FFmpeg"]]
    app_ref = bom["metadata"]["component"]["bom-ref"]
    assert set(dependencies[app_ref]) == {ref for name, ref in refs.items() if name != "FFmpeg"}


def test_same_components_give_the_same_bytes_and_others_another_serial_number() -> None:
    assert format_sbom(APP, COMPONENTS, {}) == format_sbom(APP, COMPONENTS, {})
    other = [replace(COMPONENTS[0], version="18.1.1"), *COMPONENTS[1:]]
    assert (
        json.loads(format_sbom(APP, other, {}))["serialNumber"]
        != json.loads(format_sbom(APP, COMPONENTS, {}))["serialNumber"]
    )


def test_timestamp_is_the_given_one_or_missing() -> None:
    assert "timestamp" not in json.loads(format_sbom(APP, COMPONENTS, {}))["metadata"]
    assert json.loads(format_sbom(APP, COMPONENTS, {}, 0))["metadata"]["timestamp"].startswith("1970-01-01T00:00:00")
    assert json.loads(format_sbom(APP, COMPONENTS, {}, 86400))["metadata"]["timestamp"].startswith("1970-01-02")
