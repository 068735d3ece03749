"""The files that Unbraid opens are told to every system alike."""

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
# What shared-mime-info of 2022 does not know yet, or by its maker's name alone.
NOT_KNOWN_YET = {"audio/x-w64", "audio/aiff", "audio/x-caf", "audio/opus", "audio/eac3", "audio/webm",
                 "audio/x-tak", "audio/vnd.dolby.mlp"}  # fmt: skip


def test_the_table_names_what_the_app_opens_each_once_and_nothing_else() -> None:
    named = [f".{extension}" for kind in TYPES for extension in kind.extensions]
    assert len(named) == len(set(named))
    assert set(named) == audio_suffixes()
    assert not any(map(is_sidecar_suffix, named))
    assert len({kind.uti for kind in TYPES}) == len({kind.title for kind in TYPES}) == len(TYPES)


@pytest.mark.skipif(not Path("/usr/share/mime/globs2").exists(), reason="needs shared-mime-info")
def test_every_mime_type_is_one_that_linux_knows() -> None:
    known = {line.split(":")[1] for line in Path("/usr/share/mime/globs2").read_text().splitlines() if ":" in line}
    known |= {line.split()[0] for line in Path("/usr/share/mime/aliases").read_text().splitlines()}
    assert {name for kind in TYPES for name in kind.mime} - known == NOT_KNOWN_YET


def test_the_desktop_entry_offers_every_type_and_takes_several_files() -> None:
    entry = configparser.RawConfigParser(interpolation=None, delimiters=("=",))
    entry.optionxform = str  # type: ignore[assignment]
    entry.read_string(desktop_entry())
    said = entry["Desktop Entry"]
    assert set(said["MimeType"].strip(";").split(";")) == {name for kind in TYPES for name in kind.mime}
    assert said["Exec"] == "unbraid %F"
    # The window says that it belongs to this entry: see gui.main.
    assert said["StartupWMClass"] == "unbraid"


def test_the_page_for_software_shops_is_of_this_version_and_of_the_day_it_was_made() -> None:
    page = metainfo(1_790_000_000.0)
    assert f"<id>{IDENTIFIER}</id>" in page
    assert f'<release version="{version()}" date="2026-09-21" />' in page


def test_macos_is_told_of_every_type_and_of_those_that_it_does_not_know() -> None:
    said = plistlib.loads(plistlib.dumps(info_plist()))
    documents = {entry["LSItemContentTypes"][0]: entry for entry in said["CFBundleDocumentTypes"]}
    assert set(documents) == {kind.uti for kind in TYPES}
    assert {entry["LSHandlerRank"] for entry in documents.values()} == {"Alternate"}
    declared = {entry["UTTypeIdentifier"] for entry in said["UTImportedTypeDeclarations"]}
    assert {"org.xiph.flac", "org.xiph.opus", "com.wavpack.wv"} <= declared <= set(documents)
    assert "public.mp3" not in declared


def test_macos_is_told_the_version_and_what_the_app_needs() -> None:
    said = info_plist()
    assert (said["CFBundleShortVersionString"], said["CFBundleVersion"]) == (version(), version())
    assert (said["CFBundleIdentifier"], said["NSHighResolutionCapable"]) == (IDENTIFIER, True)
    assert said["LSMinimumSystemVersion"] == "14.0"


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.title)
def test_setup_on_windows_offers_the_app_for_this_type_and_takes_it_back(kind: FileType, tmp_path: Path) -> None:
    generate(tmp_path)
    lines = (tmp_path / "file_types.iss").read_text().splitlines()
    for extension in kind.extensions:
        (offered,) = [line for line in lines if f"Classes\\.{extension}\\OpenWithProgids" in line]
        assert f'ValueName: "Unbraid.{kind.extensions[0]}"' in offered
        assert "uninsdeletevalue" in offered
        assert any(f'ValueName: ".{extension}"' in line and "SupportedTypes" in line for line in lines)
    (command,) = [line for line in lines if f"Unbraid.{kind.extensions[0]}\\shell\\open\\command" in line]
    assert command.endswith(r'ValueData: """{app}\unbraid.exe"" ""%1"""')


def test_setup_on_windows_touches_nothing_but_the_user_s_own_and_never_the_library(tmp_path: Path) -> None:
    generate(tmp_path)
    script = (ROOT / "packaging" / "windows" / "unbraid.iss").read_text()
    assert "PrivilegesRequired=lowest" in script
    assert r"DefaultDirName={localappdata}\Programs\Unbraid" in script
    whole = script + (tmp_path / "file_types.iss").read_text()
    assert set(re.findall(r"^Root: (\w+)", whole, re.MULTILINE)) == {"HKA"}
    # The library is in {localappdata}\Unbraid: nothing there is ever named.
    assert r"{localappdata}\Unbraid" not in whole
    assert "[UninstallDelete]" not in whole
    assert re.findall(r'Type: \w+; Name: "([^"]+)"', whole) == [r"{app}\_internal"]
    assert (tmp_path / "generated.iss").read_text() == f'#define Version "{version()}"\n'
