"""`build.py` on a machine that has never built: no folder build/, no compiler, no permission to install one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import setup_debian

from tests.unit.packaging.conftest import ROOT

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tests Debian's packages")


def test_build_on_a_fresh_clone_names_the_packages_that_could_not_be_installed(tmp_path: Path) -> None:
    checkout, tools = tmp_path / "checkout", tmp_path / "tools"
    for folder in ("packaging", "scripts"):
        shutil.copytree(ROOT / folder, checkout / folder, ignore=shutil.ignore_patterns("__pycache__"))
    tools.mkdir()
    for name, text in {
        "apt-get": "echo 'E: no network'; exit 100",
        "sudo": 'shift; exec "$@"',
        "env": 'exec /usr/bin/env "$@"',
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    result = subprocess.run(
        [sys.executable, "-I", checkout / "packaging" / "build.py", "--packages"],
        env={"PATH": str(tools)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "apt-get install" in result.stderr
    assert "build-essential" in result.stderr
    assert "E: no network" in (checkout / "build" / "packages.log").read_text(encoding="utf-8")


def test_build_requires_headers_and_venv_of_debian_only_for_debians_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(setup_debian, "_has_ensurepip", lambda: False)
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    assert {f"{python}-dev", f"{python}-venv"} <= set(setup_debian.find_missing("build", venv=True))
    (tmp_path / "Python.h").touch()
    assert f"{python}-dev" not in setup_debian.find_missing("build")
    monkeypatch.setattr(sys, "base_prefix", "/opt/python")
    (tmp_path / "Python.h").unlink()
    assert f"{python}-dev" not in setup_debian.find_missing("build")
