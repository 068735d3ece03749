"""The audit reports advisories against the locked packages; a local server stands in for PyPI."""

import json
from pathlib import Path
from typing import Any

import audit
import pytest

from tests.helpers.http_server import FileServer

ADVISORY = {
    "id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fixed_in": ["5.7.1"], "summary": "Runs\x1b[31m what\nit is sent.",
    "details": "At length.", "link": "https://example.org/1", "withdrawn": None,
}  # fmt: skip


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.txt").write_text(
        "# Made by hand.\n"
        "celery==5.7.0 \\\n    --hash=sha256:00\n"
        "numpy==2.4.6 ; python_version < '4' \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n"
    )
    (tmp_path / "torch-cpu.txt").write_text("torch==2.13.0+cpu \\\n    --hash=sha256:00\n")
    (tmp_path / "torch.txt").write_text("torch==2.13.0 \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(audit, "LOCKS", tmp_path)
    return tmp_path


def server_files(**advisories: list[dict[str, Any]]) -> dict[str, bytes]:
    pins = {"celery": "5.7.0", "numpy": "2.4.6", "torch": "2.13.0"}
    return {
        f"pypi/{name}/{version}/json": json.dumps({"info": {}, "vulnerabilities": advisories.get(name, [])}).encode()
        for name, version in pins.items()
    }


def run_audit(files: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, FileServer]:
    with FileServer(files) as server:
        status = audit.main(["--index", server.url])
    return status, capsys.readouterr().out, server


@pytest.mark.usefixtures("locks")
def test_each_version_is_requested_once_and_a_clean_result_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    status, output, server = run_audit(server_files(), capsys)
    assert status == 0
    assert output == "Advisories are known against 0 of 3 locked packages.\n"
    assert sorted(path for path, _ in server.requests) == [f"/{name}" for name in sorted(server_files())]


@pytest.mark.usefixtures("locks")
def test_advisory_is_printed_in_one_line_with_the_fixed_version(capsys: pytest.CaptureFixture[str]) -> None:
    status, output, _ = run_audit(server_files(celery=[ADVISORY, ADVISORY | {"withdrawn": "2026-01-01"}]), capsys)
    first, last = output.splitlines()
    assert status == 1
    assert first == (
        "celery 5.7.0: PYSEC-2026-1, CVE-2026-1 (fixed in 5.7.1): Runs [31m what it is sent. https://example.org/1"
    )
    assert last.startswith("Advisories are known against 1 of 3 locked packages. ")


@pytest.mark.usefixtures("locks")
@pytest.mark.parametrize(
    ("response", "message"),
    [(None, "404"), (b"<html>", "makes no sense"), (b"{}", "makes no sense"), (b"[]", "makes no sense")],
    ids=["not found", "not JSON", "no list of advisories", "not an object"],
)
def test_package_without_a_valid_response_does_not_count_as_clean(
    capsys: pytest.CaptureFixture[str], response: bytes | None, message: str
) -> None:
    files = server_files(celery=[ADVISORY])
    del files["pypi/numpy/2.4.6/json"]
    status, output, _ = run_audit(files | ({} if response is None else {"pypi/numpy/2.4.6/json": response}), capsys)
    assert status == 2
    assert "PYSEC-2026-1" in output
    assert "could not be asked about 1 of them, numpy for one" in output
    assert message in output


@pytest.mark.usefixtures("locks")
def test_audit_without_a_network_says_so_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    status = audit.main(["--index", "http://127.0.0.1:9"])
    output = capsys.readouterr().out
    assert status == 2
    assert output.count("\n") == 1
    assert "http://127.0.0.1:9 could not be asked about 3 of them" in output
    assert "connect to the internet" in output


def test_every_pin_of_the_real_lock_files_is_requested(capsys: pytest.CaptureFixture[str]) -> None:
    pins = audit.read_pins(audit.LOCKS)
    assert {"celery", "torch", "pytest", "redis"} <= {pin.name for pin in pins}
    assert not [pin for pin in pins if "+" in pin.version or not pin.version]
    files = {f"pypi/{pin.name}/{pin.version}/json": b'{"vulnerabilities": []}' for pin in pins}
    status, output, server = run_audit(files, capsys)
    assert (status, len(server.requests)) == (0, len(pins)), output
