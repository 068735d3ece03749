"""The list of licences matches the lock files."""

import re

import third_party

from tests.unit.packaging.conftest import ROOT


def test_every_locked_package_is_in_the_list_of_licences() -> None:
    listed = (ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")
    for name, version, _ in third_party.read_pins():
        assert re.search(rf"^\| {re.escape(name)} \| [^|]*{re.escape(version)}[^|]* \|", listed, re.MULTILINE), name


def test_list_of_licences_is_up_to_date() -> None:
    written = (ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")
    assert third_party.format_checkout() == written, "run packaging/third_party.py"
