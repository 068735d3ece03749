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

from make_locks import LOCKS, entries_of

_PATIENCE = 30.0
_LARGEST = 64 << 20


@dataclass(frozen=True, order=True)
class Pin:
    """A package of the lock files."""

    name: str
    version: str


@dataclass(frozen=True)
class Answer:
    """What PyPI says of a pin."""

    pin: Pin
    advisories: tuple[str, ...] = ()
    """A line each."""
    trouble: str = ""
    """Why there is no answer."""


def main(words: Sequence[str]) -> int:
    """Ask about every pin, tell, and return the exit status."""
    parser = argparse.ArgumentParser(prog="audit.py", description="Looks for known vulnerabilities of what is locked.")
    parser.add_argument("--index", default="https://pypi.org", help="who is asked (default: https://pypi.org)")
    index = parser.parse_args(words).index.rstrip("/")
    pins = locked(LOCKS)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(partial(ask, index), pins))
    for answer in answers:
        for line in answer.advisories:
            sys.stdout.write(f"{answer.pin.name} {answer.pin.version}: {line}\n")
    return told(index, answers)


def told(index: str, answers: Sequence[Answer]) -> int:
    """Say what came of it in a sentence. Returns the exit status."""
    against = sum(bool(answer.advisories) for answer in answers)
    silent = [answer for answer in answers if answer.trouble]
    found = f"Advisories are known against {against} of {len(answers)} locked packages"
    if silent:
        first = silent[0]
        sys.stdout.write(
            f"{found}, but {index} could not be asked about {len(silent)} of them, {first.pin.name} for one: "
            f"{first.trouble}. Nothing is known of those; connect to the internet, then run this again.\n"
        )
        return 2
    sys.stdout.write(f"{found}. Move to a version without: packaging/make_locks.py.\n" if against else f"{found}.\n")
    return 1 if against else 0


def locked(folder: Path) -> list[Pin]:
    """What the lock files pin, each version once: builds for a kind of machine are the same version."""
    entries = [entry for file in folder.glob("*.txt") for entry in entries_of(file.read_text(encoding="utf-8"))]
    pins = (entry.split()[0].partition("==") for entry in entries)
    return sorted({Pin(name, version.partition("+")[0]) for name, _, version in pins})


def ask(index: str, pin: Pin) -> Answer:
    """What `index` says of one pin."""
    address = f"{index}/pypi/{quote(pin.name, safe='')}/{quote(pin.version, safe='')}/json"
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:
            said = json.loads(answer.read(_LARGEST))
        return Answer(pin, tuple(_lines(said["vulnerabilities"])))
    except (OSError, HTTPException) as error:
        return Answer(pin, trouble=_plain(str(error)))
    except (ValueError, LookupError, TypeError, AttributeError):
        return Answer(pin, trouble="its answer makes no sense")


def _lines(vulnerabilities: Sequence[dict[str, Any]]) -> Iterator[str]:
    for one in vulnerabilities:
        if not one.get("withdrawn"):
            names = ", ".join([one["id"], *one.get("aliases", ())])
            fixed = ", ".join(one.get("fixed_in", ())) or "no version"
            about = one.get("summary") or one.get("details") or "nothing is said about it"
            yield _plain(f"{names} (fixed in {fixed}): {about[:200]} {one.get('link') or ''}".rstrip())


def _plain(text: str) -> str:
    """On one line, and nothing in it that moves the cursor."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
