"""The list of a bundle's components is complete and exact, and includes every licence text."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import bundle_contents
import component_list
import components
import pytest
from bundle_contents import Bundle
from component_list import Component, ComponentError, load_components

from tests.unit.packaging.conftest import ROOT

ELF = b"\x7fELF\x02\x01\x01"


def install_package(
    site: Path,
    name: str,
    files: dict[str, bytes],
    licence_header: str = "License-Expression: MIT",
    text: str = "Do what you like.",
) -> None:
    """Install a package as pip does."""
    info = f"{name}-1.0.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{licence_header}\n".encode()
    }
    if text:
        files |= {f"{info}/licenses/LICENSE": text.encode()}
    files |= {f"{info}/RECORD": "".join(f"{path},,\n" for path in files).encode()}
    for path, content in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(content)


def make_bundle(root: Path, modules: set[str], files: dict[str, bytes]) -> Bundle:
    """Return a bundle with these modules and files, as `read_bundle` does."""
    contents = root / "_internal"
    (contents / "resources").mkdir(parents=True)
    for path, content in files.items():
        (contents / path).parent.mkdir(parents=True, exist_ok=True)
        (contents / path).write_bytes(content)
    return Bundle(root, contents, frozenset(modules), {path: contents / path for path in files}, frozenset())


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of installed packages. Every bundle has PyInstaller's bootloader, which tests do without."""
    monkeypatch.setattr(components, "find_licence_texts", _with_bootloader(component_list.find_licence_texts))
    return tmp_path / "site-packages"


def _with_bootloader(texts_for):
    return lambda entry, packages: ("GPL",) if entry.texts_of == "pyinstaller" else texts_for(entry, packages)


def component_names(parts: list[Component]) -> set[str]:
    return {part.name for part in parts} - {"PyInstaller bootloader"}


def test_package_left_out_of_the_bundle_is_not_listed(site: Path, tmp_path: Path) -> None:
    for name in ("kept", "left_out", "metadata_alone"):
        install_package(site, name, {f"{name}/__init__.py": b"", f"{name}/core.py": b""})
    bundle = make_bundle(tmp_path / "app", {"kept", "kept.core"}, {"metadata_alone-1.0.dist-info/METADATA": b""})
    assert component_names(components.list_components(bundle, [site], "linux")) == {"kept"}


def test_package_is_found_by_its_library_in_any_folder(site: Path, tmp_path: Path) -> None:
    install_package(site, "native", {"native.libs/libdeep-1f2e.so.3": ELF})
    bundle = make_bundle(tmp_path / "app", set(), {"libdeep-1f2e.so.3": ELF})
    assert component_names(components.list_components(bundle, [site], "linux")) == {"native"}


def test_library_of_unknown_origin_is_refused(site: Path, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "app", set(), {"libnobody-knows.so.1": ELF})
    with pytest.raises(ComponentError, match=r"libnobody-knows\.so\.1"):
        components.list_components(bundle, [site], "linux")


@pytest.mark.parametrize("name", ["libx264-d6533a8d.so.165", "libreadline.so.8"])
def test_library_under_the_gpl_is_refused_with_a_remedy(site: Path, tmp_path: Path, name: str) -> None:
    bundle = make_bundle(tmp_path / "app", set(), {name: ELF})
    with pytest.raises(ComponentError, match=r"GPL: (build|leave out)"):
        components.list_components(bundle, [site], "linux")


def test_package_without_a_licence_text_is_refused_by_name(site: Path, tmp_path: Path) -> None:
    install_package(site, "silent", {"silent.py": b""}, text="")
    with pytest.raises(ComponentError, match=r"silent comes without the text of its licence \(MIT\)"):
        components.list_components(make_bundle(tmp_path / "app", {"silent"}, {}), [site], "linux")


def test_package_whose_licence_is_not_spdx_is_refused_by_name(site: Path, tmp_path: Path) -> None:
    install_package(site, "vague", {"vague.py": b""}, licence_header="License: BSD")
    with pytest.raises(ComponentError, match=r"vague.*\[licences\]"):
        components.list_components(make_bundle(tmp_path / "app", {"vague"}, {}), [site], "linux")


def test_embedded_libraries_are_listed_with_their_package_or_by_their_own_file(site: Path, tmp_path: Path) -> None:
    install_package(site, "soxr", {"soxr/__init__.py": b"", "soxr/soxr_ext.abi3.so": ELF}, text="LGPL")
    files = {"soxr/soxr_ext.abi3.so": ELF, "libavcodec.so.62": ELF, "redis/redis-server": ELF}
    parts = {
        part.name: part
        for part in components.list_components(make_bundle(tmp_path / "app", {"soxr"}, files), [site], "linux")
    }
    assert {"soxr", "libsoxr", "PFFFT", "FFmpeg", "Redis"} == component_names(list(parts.values()))
    assert parts["libsoxr"].texts == ("LGPL",)
    assert parts["FFmpeg"].licence == "LGPL-2.1-or-later"
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in parts["FFmpeg"].texts[0]


def test_modules_of_python_itself_are_listed_as_cpython_on_every_system(site: Path, tmp_path: Path) -> None:
    files = {"python3.11/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so": ELF, "libpython3.11.so.1.0": ELF}
    assert component_names(components.list_components(make_bundle(tmp_path / "a", set(), files), [site], "linux")) == {
        "CPython"
    }
    files = {"_json.pyd": b"MZ", "python311.dll": b"MZ", "vcruntime140.dll": b"MZ", "libcrypto-3.dll": b"MZ"}
    windows = components.list_components(make_bundle(tmp_path / "b", set(), files), [site], "win32")
    assert component_names(windows) == {"CPython", "OpenSSL", "zlib", "Microsoft Visual C++ runtime"}
    assert all(part.version for part in windows if part.name in ("CPython", "OpenSSL", "zlib"))


def test_every_file_of_redis_for_windows_belongs_to_a_listed_component(site: Path, tmp_path: Path) -> None:
    pin = tomllib.loads((ROOT / "packaging" / "windows" / "redis.toml").read_text(encoding="utf-8"))
    bundle = make_bundle(tmp_path / "app", set(), {f"redis/{name}": b"MZ" for name in pin["files"]})
    parts = {part.name: part for part in components.list_components(bundle, [site], "win32")}
    assert set(parts) - {"PyInstaller bootloader", "zlib"} == {
        "Redis on Windows", "MSYS2 runtime", "OpenSSL of MSYS2", "GCC runtime of MSYS2",
    }  # fmt: skip
    assert (parts["Redis on Windows"].version, parts["Redis on Windows"].licence) == (pin["version"], pin["licence"])
    runtime = parts["MSYS2 runtime"]
    assert runtime.source
    for phrase in ("Cygwin library grant you additional permission", "GNU LESSER GENERAL PUBLIC", "GNU GENERAL PUBLIC"):
        assert any(phrase in text for text in runtime.texts)


@pytest.mark.skipif(not Path("/var/lib/dpkg/info").is_dir(), reason="no Debian")
def test_library_from_debian_is_listed_by_its_source_package_with_its_version(site: Path, tmp_path: Path) -> None:
    library = next(path for path in Path("/usr/lib").glob("*/libz.so.1"))
    bundle = make_bundle(tmp_path / "app", set(), {library.name: ELF})
    (zlib,) = (part for part in components.list_components(bundle, [site], "linux") if part.name == "zlib")
    command = ["dpkg-query", "--show", "--showformat", "${source:Version}", "zlib1g"]
    assert zlib.version == subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert zlib.licence == "Zlib"
    assert "Jean-loup Gailly" in zlib.texts[0]


def test_licence_texts_are_in_the_bundle_and_in_the_list_of_the_about_page(tmp_path: Path) -> None:
    parts = [
        Component("Alpha", "1", "MIT", texts=("Yes.", "No."), origin="pypi"),
        Component("beta", "", "Zlib", texts=("B",)),
    ]
    bundle = make_bundle(tmp_path / "app", set(), {})
    components.write_lists(bundle, parts)
    listed = json.loads((bundle.contents / "resources" / "components.json").read_text())
    assert (listed[0]["name"], listed[0]["licence"]) == ("Unbraid", "MIT")
    assert "Permission is hereby granted" in (bundle.contents / "resources" / listed.pop(0)["text"]).read_text()
    assert [(row["name"], row["version"], row["licence"]) for row in listed] == [
        ("Alpha", "1", "MIT"),
        ("beta", "", "Zlib"),
    ]
    text = (bundle.contents / "resources" / listed[0]["text"]).read_text()
    assert text.index("Alpha 1\nMIT") < text.index("Yes.") < text.index("No.")
    assert sorted(path.name for path in (tmp_path / "app" / "licences").iterdir()) == [
        "alpha.txt",
        "beta.txt",
        "unbraid.txt",
    ]
    assert "| Alpha | 1 |" in (tmp_path / "app" / "THIRD-PARTY.md").read_text()


def test_entries_of_components_toml_are_valid_and_their_texts_exist() -> None:
    for entry in load_components().entries:
        assert entry.where
        assert set(entry.where) <= {"checkout", "bundle"}
        assert set(entry.systems) <= {"linux", "win32", "darwin"}
        assert entry.texts or entry.texts_of or entry.component.inside, entry.component.name
        for path in entry.texts:
            assert (ROOT / path).stat().st_size > 100, path
    assert len(
        {components.safe_file_name(e.component.name) for e in load_components().entries if "bundle" in e.where}
    ) == sum("bundle" in entry.where for entry in load_components().entries)


def test_every_stored_licence_text_is_used() -> None:
    config = tomllib.loads((ROOT / "packaging" / "components.toml").read_text(encoding="utf-8"))
    used = {Path(path).name for paths in config["texts"].values() for path in paths}
    used |= {Path(path).name for entry in load_components().entries for path in entry.texts}
    assert {path.name for path in (ROOT / "packaging" / "licences").iterdir()} <= used


def test_versions_written_by_hand_match_the_locked_ones() -> None:
    locked = (ROOT / "scripts" / "lock" / "app.txt").read_text(encoding="utf-8")
    qt = re.search(r"^pyside6-essentials==(\S+)", locked, re.MULTILINE)[1]
    assert next(entry.component.version for entry in load_components().entries if entry.component.name == "Qt") == qt


def test_files_of_a_bundle_are_found_and_links_are_ignored(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller", reason="needs scripts/lock/build.txt")
    (tmp_path / "_internal").mkdir()
    (tmp_path / "_internal" / "libone.so").write_bytes(ELF)
    (tmp_path / "libtwo.so").symlink_to("_internal/libone.so")
    (tmp_path / "README").write_text("text")
    bundle = bundle_contents.read_bundle(tmp_path)
    assert set(bundle.files) == {"libone.so", "README"}
    assert bundle.native_files == {"libone.so"}


def test_command_reports_a_forbidden_library_without_a_traceback(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller", reason="needs scripts/lock/build.txt")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "libx265.so.1").write_bytes(ELF)
    command = [
        sys.executable,
        ROOT / "packaging" / "components.py",
        "--site-packages",
        tmp_path,
        "--bundle",
        tmp_path / "app",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("The bundle holds libx265.so.1, and may not: it is under the GPL")
