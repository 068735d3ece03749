"""The bill of materials: valid, whole, and the same for the same parts."""

import json
from dataclasses import replace

from component_list import Component
from sbom import format_sbom

APP = Component("unbraid", "1.0", "MIT", kind="program")
PARTS = [
    Component("av", "18.1.0", "BSD-3-Clause", origin="pypi", source="https://pypi.org/project/av/18.1.0/"),
    Component("FFmpeg", "8.1.2", "LGPL-2.1-or-later", "library", inside="av", source="https://ffmpeg.org/f.tar.xz"),
    Component("zlib", "1:1.2.13.dfsg-1", "Zlib", "library", "deb"),
    Component("bootloader", "6", "GPL-2.0-or-later WITH Bootloader-exception", "program"),
    Component("runtime", "", "LicenseRef-Microsoft-Visual-C-Runtime", "library"),
    Component("torch", "2.13.0+cpu", "Apache-2.0 AND MIT", origin="pypi"),
]


def test_every_part_has_its_address_version_and_licence() -> None:
    made = json.loads(format_sbom(APP, PARTS, {"FFmpeg": "ab" * 32}))
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert made["metadata"]["component"]["name"] == "unbraid"
    found = {part["name"]: part for part in made["components"]}
    assert set(found) == {part.name for part in PARTS}
    assert found["torch"]["purl"] == "pkg:pypi/torch@2.13.0%2Bcpu"
    assert found["zlib"]["purl"] == "pkg:deb/debian/zlib@1:1.2.13.dfsg-1?arch=source"
    assert found["FFmpeg"]["version"] == "8.1.2"
    assert found["FFmpeg"]["licenses"] == [{"license": {"id": "LGPL-2.1-or-later"}}]
    assert found["FFmpeg"]["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert found["bootloader"]["licenses"] == [{"expression": "GPL-2.0-or-later WITH Bootloader-exception"}]
    assert all(part["licenses"] for part in found.values())


def test_what_carries_what_is_told() -> None:
    made = json.loads(format_sbom(APP, PARTS, {}))
    refs = {part["name"]: part["bom-ref"] for part in made["components"]}
    needs = {row["ref"]: row.get("dependsOn", []) for row in made["dependencies"]}
    assert needs[refs["av"]] == [refs["FFmpeg"]]
    whole = made["metadata"]["component"]["bom-ref"]
    assert set(needs[whole]) == {ref for name, ref in refs.items() if name != "FFmpeg"}


def test_the_same_parts_give_the_same_bytes_and_others_another_number() -> None:
    assert format_sbom(APP, PARTS, {}) == format_sbom(APP, PARTS, {})
    other = [replace(PARTS[0], version="18.1.1"), *PARTS[1:]]
    assert (
        json.loads(format_sbom(APP, other, {}))["serialNumber"]
        != json.loads(format_sbom(APP, PARTS, {}))["serialNumber"]
    )


def test_no_time_is_written_but_the_one_that_is_given() -> None:
    assert "timestamp" not in json.loads(format_sbom(APP, PARTS, {}))["metadata"]
    assert json.loads(format_sbom(APP, PARTS, {}, 0))["metadata"]["timestamp"].startswith("1970-01-01T00:00:00")
    assert json.loads(format_sbom(APP, PARTS, {}, 86400))["metadata"]["timestamp"].startswith("1970-01-02")
