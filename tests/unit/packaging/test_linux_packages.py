"""The Linux packages have the same bytes, independent of the user and the folder that they are built in."""

import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import editions
import pytest
from editions import CPU
from linux import make_packages

from tests.helpers.command import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not all(map(shutil.which, ("dpkg-deb", "xz"))), reason="needs Debian's dpkg-deb, and xz"
)


def build_packages(checkout: Path, monkeypatch: pytest.MonkeyPatch, umask: int) -> list[Path]:
    """Build the .deb and the tar of a small bundle in `checkout`, as a user with this umask."""
    old_umask = os.umask(umask)
    try:
        bundle = checkout / "dist" / "unbraid"
        (bundle / "_internal").mkdir(parents=True)
        for name in ("unbraid", "_internal/data"):
            (bundle / name).write_text(name)
        (bundle / "unbraid").chmod(0o755)
        (bundle / "_internal" / "link").symlink_to("data")
        (checkout / "build").mkdir()
        shutil.copytree(ROOT / "resources" / "icons", checkout / "resources" / "icons", copy_function=shutil.copyfile)
        shutil.copyfile(ROOT / "LICENSE", checkout / "LICENSE")
        edition = replace(CPU, build=checkout / "build", dist=checkout / "dist")
        monkeypatch.setattr(make_packages, "ROOT", checkout)
        monkeypatch.setattr(make_packages, "CPU", edition)
        monkeypatch.setattr(editions, "DOWNLOADS", checkout / "dist")
        return [make_packages.make_deb(edition), make_packages.make_tar(edition)]
    finally:
        os.umask(old_umask)


def test_packages_are_byte_identical_for_every_user_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    ours = build_packages(tmp_path / "one", monkeypatch, 0o022)
    theirs = build_packages(tmp_path / "the other", monkeypatch, 0o077)
    for one, other in zip(ours, theirs, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.suffix


def test_packaged_files_are_readable_by_everybody_and_carry_the_date_of_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    deb, tar = build_packages(tmp_path / "one", monkeypatch, 0o077)
    content = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], capture_output=True, check=True).stdout
    (tmp_path / "inside.tar").write_bytes(content)
    for path in (tmp_path / "inside.tar", tar):
        with tarfile.open(path) as archive:
            for member in archive:
                assert (member.uid, member.gid, int(member.mtime)) == (0, 0, 1700000000), member.name
                if not member.issym():
                    executable = member.isdir() or member.name.endswith(("/unbraid", ".sh"))
                    assert member.mode == (0o755 if executable else 0o644), member.name
