"""Checks the locked packages for known vulnerabilities on PyPI: `python scripts/audit.py`.

PyPI's reply for a version lists the advisories of the Python Packaging Advisory Database, as pip-audit does. The exit
status is 0 if there are none, 1 if there are some, and 2 if PyPI did not answer for every package.
"""

import argparse
import json
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

from make_locks import LOCKS, split_pins

_TIMEOUT_S = 30.0
_MAX_REPLY_BYTES = 64 << 20


@dataclass(frozen=True, order=True)
class Pin:
    """Version of a package in the lock files."""

    name: str
    version: str


@dataclass(frozen=True)
class AuditResult:
    """PyPI's reply for a pin."""

    pin: Pin
    advisories: tuple[str, ...] = ()
    """One line for each advisory."""
    error: str = ""
    """Why there is no reply, else empty."""


def main(argv: Sequence[str]) -> int:
    """Check every pin, print the advisories, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="audit.py", description="Check the locked packages for known vulnerabilities."
    )
    parser.add_argument("--index", default="https://pypi.org", help="package index to query (default: %(default)s)")
    index = parser.parse_args(argv).index.rstrip("/")
    pins = read_pins(LOCKS)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(partial(query_index, index), pins))
    for result in results:
        for line in result.advisories:
            sys.stdout.write(f"{result.pin.name} {result.pin.version}: {line}\n")
    return print_summary(index, results)


def print_summary(index: str, results: Sequence[AuditResult]) -> int:
    """Print a summary of the results and return the exit status."""
    vulnerable_count = sum(bool(result.advisories) for result in results)
    unanswered = [result for result in results if result.error]
    summary = f"Advisories are known against {vulnerable_count} of {len(results)} locked packages"
    if unanswered:
        first = unanswered[0]
        sys.stdout.write(
            f"{summary}, but {index} could not be asked about {len(unanswered)} of them, {first.pin.name} for one: "
            f"{first.error}. Nothing is known of those; connect to the internet, then run this again.\n"
        )
        return 2
    sys.stdout.write(
        f"{summary}. Move to a version without: scripts/make_locks.py.\n" if vulnerable_count else f"{summary}.\n"
    )
    return 1 if vulnerable_count else 0


def read_pins(folder: Path) -> list[Pin]:
    """Return the pins of all lock files in `folder`, sorted; local labels such as "+cpu" are removed from versions."""
    entries = [entry for file in folder.glob("*.txt") for entry in split_pins(file.read_text(encoding="utf-8"))]
    pins = (entry.split()[0].partition("==") for entry in entries)
    return sorted({Pin(name, version.partition("+")[0]) for name, _, version in pins})


def query_index(index: str, pin: Pin) -> AuditResult:
    """Return the advisories of one pin on the package index `index`, or the error in the result."""
    url = f"{index}/pypi/{quote(pin.name, safe='')}/{quote(pin.version, safe='')}/json"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response:
            reply = json.loads(response.read(_MAX_REPLY_BYTES))
        return AuditResult(pin, tuple(_format_advisories(reply["vulnerabilities"])))
    except (OSError, HTTPException) as error:
        return AuditResult(pin, error=_single_line(str(error)))
    except (ValueError, LookupError, TypeError, AttributeError):
        return AuditResult(pin, error="its answer makes no sense")


def _format_advisories(vulnerabilities: Sequence[dict[str, Any]]) -> Iterator[str]:
    for entry in vulnerabilities:
        if not entry.get("withdrawn"):
            names = ", ".join([entry["id"], *entry.get("aliases", ())])
            fixed = ", ".join(entry.get("fixed_in", ())) or "no version"
            summary = entry.get("summary") or entry.get("details") or "no description"
            yield _single_line(f"{names} (fixed in {fixed}): {summary[:200]} {entry.get('link') or ''}".rstrip())


def _single_line(text: str) -> str:
    """Return `text` on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
