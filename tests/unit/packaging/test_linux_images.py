"""The contents of the AppImage and the Flatpak."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from linux.appimage import make_appimage
from linux.flatpak import make_flatpak

from tests.helpers.command import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the images are for Linux")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "unbraid"
    folder.mkdir()
    (folder / "unbraid").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (folder / "unbraid").chmod(0o755)
    return folder


def test_appimage_starts_the_app_with_its_arguments_from_any_folder(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a folder" / "AppDir"
    make_appimage.write_app_dir(bundle, folder)
    link = tmp_path / "link"
    link.symlink_to(folder / "AppRun")
    output = subprocess.run([link, "a b.wav", "c"], capture_output=True, text=True, check=True).stdout
    assert output.splitlines() == ["a b.wav", "c"]
    entry = (folder / "unbraid.desktop").read_text()
    assert "Icon=unbraid\n" in entry
    assert (folder / "unbraid.png").is_file()
    assert (folder / ".DirIcon").resolve() == folder / "unbraid.png"
    assert (folder / "usr/share/metainfo/app.unbraid.Unbraid.metainfo.xml").is_file()


def test_exported_files_of_a_flatpak_are_named_after_the_identifier(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "flatpak"
    make_flatpak.create_flatpak_folder(bundle, folder)
    exported = [path for path in (folder / "share").rglob("*") if path.is_file()]
    assert len(exported) == 3
    assert all(path.name.startswith("app.unbraid.Unbraid.") for path in exported)
    assert os.path.realpath(folder / "bin" / "unbraid") == str(folder / "lib" / "unbraid" / "unbraid")
    manifest = (ROOT / "packaging/linux/flatpak/app.unbraid.Unbraid.yml").read_text()
    assert "app-id: app.unbraid.Unbraid\n" in manifest
    assert "path: ../../../build/flatpak-folder\n" in manifest
