"""Linux, macOS and Windows register the same file types for Unbraid."""

import configparser
import plistlib
import re
from pathlib import Path

import pytest
from desktop_entry import desktop_entry, metainfo
from file_types import FileType, file_types
from info_plist import info_plist
from product import IDENTIFIER, version
from windows.make_setup import generate

from desktop.audio.file_types import audio_suffixes, is_sidecar_suffix
from tests.helpers.command import ROOT

TYPES = file_types()
# MIME types that shared-mime-info of 2022 does not know, or knows only under a vendor's name.
UNKNOWN_MIME_TYPES = {"audio/x-w64", "audio/aiff", "audio/x-caf", "audio/opus", "audio/eac3", "audio/webm",
                 "audio/x-tak", "audio/vnd.dolby.mlp"}  # fmt: skip


def test_table_lists_every_extension_that_the_app_opens_exactly_once() -> None:
    extensions = [f".{extension}" for kind in TYPES for extension in kind.extensions]
    assert len(extensions) == len(set(extensions))
    assert set(extensions) == audio_suffixes()
    assert not any(map(is_sidecar_suffix, extensions))
    assert len({kind.uti for kind in TYPES}) == len({kind.title for kind in TYPES}) == len(TYPES)


@pytest.mark.skipif(not Path("/usr/share/mime/globs2").exists(), reason="needs shared-mime-info")
def test_every_mime_type_is_known_to_linux() -> None:
    known_types = {
        line.split(":")[1] for line in Path("/usr/share/mime/globs2").read_text().splitlines() if ":" in line
    }
    known_types |= {line.split()[0] for line in Path("/usr/share/mime/aliases").read_text().splitlines()}
    assert {name for kind in TYPES for name in kind.mime} - known_types == UNKNOWN_MIME_TYPES


def test_desktop_entry_offers_every_type_and_accepts_several_files() -> None:
    entry = configparser.RawConfigParser(interpolation=None, delimiters=("=",))
    entry.optionxform = str  # type: ignore[assignment]
    entry.read_string(desktop_entry())
    section = entry["Desktop Entry"]
    assert set(section["MimeType"].strip(";").split(";")) == {name for kind in TYPES for name in kind.mime}
    assert section["Exec"] == "unbraid %F"
    # The window names this entry as its own: see gui.main.
    assert section["StartupWMClass"] == "unbraid"


def test_metainfo_states_this_version_and_the_release_date() -> None:
    page = metainfo(1_790_000_000.0)
    assert f"<id>{IDENTIFIER}</id>" in page
    assert f'<release version="{version()}" date="2026-09-21" />' in page


def test_info_plist_lists_every_type_and_declares_those_unknown_to_macos() -> None:
    plist = plistlib.loads(plistlib.dumps(info_plist()))
    documents = {entry["LSItemContentTypes"][0]: entry for entry in plist["CFBundleDocumentTypes"]}
    assert set(documents) == {kind.uti for kind in TYPES}
    assert {entry["LSHandlerRank"] for entry in documents.values()} == {"Alternate"}
    declared = {entry["UTTypeIdentifier"] for entry in plist["UTImportedTypeDeclarations"]}
    assert {"org.xiph.flac", "org.xiph.opus", "com.wavpack.wv"} <= declared <= set(documents)
    assert "public.mp3" not in declared


def test_info_plist_states_the_version_and_the_requirements() -> None:
    plist = info_plist()
    assert (plist["CFBundleShortVersionString"], plist["CFBundleVersion"]) == (version(), version())
    assert (plist["CFBundleIdentifier"], plist["NSHighResolutionCapable"]) == (IDENTIFIER, True)
    assert plist["LSMinimumSystemVersion"] == "14.0"


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.title)
def test_windows_setup_registers_and_unregisters_the_type(kind: FileType, tmp_path: Path) -> None:
    generate(tmp_path)
    lines = (tmp_path / "file_types.iss").read_text().splitlines()
    for extension in kind.extensions:
        (entry,) = [line for line in lines if f"Classes\\.{extension}\\OpenWithProgids" in line]
        assert f'ValueName: "Unbraid.{kind.extensions[0]}"' in entry
        assert "uninsdeletevalue" in entry
        assert any(f'ValueName: ".{extension}"' in line and "SupportedTypes" in line for line in lines)
    (command,) = [line for line in lines if f"Unbraid.{kind.extensions[0]}\\shell\\open\\command" in line]
    assert command.endswith(r'ValueData: """{app}\unbraid.exe"" ""%1"""')


def test_windows_setup_changes_only_the_users_own_data_and_never_the_library(tmp_path: Path) -> None:
    generate(tmp_path)
    script = (ROOT / "packaging" / "windows" / "unbraid.iss").read_text()
    assert "PrivilegesRequired=lowest" in script
    assert r"DefaultDirName={localappdata}\Programs\Unbraid" in script
    text = script + (tmp_path / "file_types.iss").read_text()
    assert set(re.findall(r"^Root: (\w+)", text, re.MULTILINE)) == {"HKA"}
    # The library is in {localappdata}\Unbraid: setup must never name that folder.
    assert r"{localappdata}\Unbraid" not in text
    assert "[UninstallDelete]" not in text
    assert re.findall(r'Type: \w+; Name: "([^"]+)"', text) == [r"{app}\_internal"]
    assert (tmp_path / "generated.iss").read_text() == f'#define Version "{version()}"\n'
