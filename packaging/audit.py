"""Asks PyPI whether anything is known against what the lock files name: `python packaging/audit.py`.

Its answer for a version lists the advisories of the Python Packaging Advisory Database, those that pip-audit shows. The
exit status is 0 when nothing is known, 1 when something is, and 2 when PyPI could not be asked about every package.
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
    """A package of the lock files."""

    name: str
    version: str


@dataclass(frozen=True)
class AuditResult:
    """What PyPI says of a pin."""

    pin: Pin
    advisories: tuple[str, ...] = ()
    """A line each."""
    error: str = ""
    """Why there is no answer."""


def main(words: Sequence[str]) -> int:
    """Ask about every pin, tell, and return the exit status."""
    parser = argparse.ArgumentParser(prog="audit.py", description="Looks for known vulnerabilities of what is locked.")
    parser.add_argument("--index", default="https://pypi.org", help="who is asked (default: https://pypi.org)")
    index = parser.parse_args(words).index.rstrip("/")
    pins = read_pins(LOCKS)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(partial(query_index, index), pins))
    for answer in answers:
        for line in answer.advisories:
            sys.stdout.write(f"{answer.pin.name} {answer.pin.version}: {line}\n")
    return print_summary(index, answers)


def print_summary(index: str, answers: Sequence[AuditResult]) -> int:
    """Say what came of it in a sentence. Returns the exit status."""
    vulnerable_count = sum(bool(answer.advisories) for answer in answers)
    unanswered = [answer for answer in answers if answer.error]
    summary = f"Advisories are known against {vulnerable_count} of {len(answers)} locked packages"
    if unanswered:
        first = unanswered[0]
        sys.stdout.write(
            f"{summary}, but {index} could not be asked about {len(unanswered)} of them, {first.pin.name} for one: "
            f"{first.error}. Nothing is known of those; connect to the internet, then run this again.\n"
        )
        return 2
    sys.stdout.write(
        f"{summary}. Move to a version without: packaging/make_locks.py.\n" if vulnerable_count else f"{summary}.\n"
    )
    return 1 if vulnerable_count else 0


def read_pins(folder: Path) -> list[Pin]:
    """What the lock files pin, each version once: builds for a kind of machine are the same version."""
    entries = [entry for file in folder.glob("*.txt") for entry in split_pins(file.read_text(encoding="utf-8"))]
    pins = (entry.split()[0].partition("==") for entry in entries)
    return sorted({Pin(name, version.partition("+")[0]) for name, _, version in pins})


def query_index(index: str, pin: Pin) -> AuditResult:
    """What `index` says of one pin."""
    address = f"{index}/pypi/{quote(pin.name, safe='')}/{quote(pin.version, safe='')}/json"
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:
            reply = json.loads(answer.read(_MAX_REPLY_BYTES))
        return AuditResult(pin, tuple(_format_advisories(reply["vulnerabilities"])))
    except (OSError, HTTPException) as error:
        return AuditResult(pin, error=_single_line(str(error)))
    except (ValueError, LookupError, TypeError, AttributeError):
        return AuditResult(pin, error="its answer makes no sense")


def _format_advisories(vulnerabilities: Sequence[dict[str, Any]]) -> Iterator[str]:
    for one in vulnerabilities:
        if not one.get("withdrawn"):
            names = ", ".join([one["id"], *one.get("aliases", ())])
            fixed = ", ".join(one.get("fixed_in", ())) or "no version"
            about = one.get("summary") or one.get("details") or "nothing is said about it"
            yield _single_line(f"{names} (fixed in {fixed}): {about[:200]} {one.get('link') or ''}".rstrip())


def _single_line(text: str) -> str:
    """On one line, and nothing in it that moves the cursor."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
