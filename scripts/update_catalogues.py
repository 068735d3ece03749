"""Updates the catalogues of translations in resources/locale: `./unbraid messages`.

Extracts every message of the app into the template `unbraid.pot`, merges it into the catalogue of each language, and
compiles these catalogues. A new language is a folder: `./unbraid messages de` creates the catalogue for German.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "resources" / "locale"
DOMAIN = "unbraid"
# The functions that take a template, with the positions of its singular and plural.
KEYWORDS = {"Message": None, "tr": None, "count_message": (1, 2), "tr_count": (1, 2)}
# The header is the same in every run: dates would change the files each time.
CREATION_DATE = datetime(2026, 1, 1, tzinfo=UTC)


def main(argv: Sequence[str]) -> int:
    """Update all catalogues, after creating one for each language in `argv`. Return the exit status."""
    template = extract_messages(ROOT / "desktop")
    LOCALE.mkdir(exist_ok=True)
    (LOCALE / f"{DOMAIN}.pot").write_bytes(format_catalogue(template))
    for language in argv:
        create_catalogue(LOCALE, language.replace("-", "_"))
    for language, path in find_catalogues(LOCALE):
        missing = update_catalogue(path, language, template)
        sys.stdout.write(f"{language}: {missing} of {len(template)} messages are not translated\n")
    sys.stdout.write(f"{DOMAIN}.pot: {len(template)} messages\n")
    return 0


def extract_messages(package: Path) -> Catalog:
    """Return the messages in the Python files of `package`, with the files that contain them."""
    template = new_catalogue(None)
    found = extract_from_dir(package, [("**.py", "python")], keywords=KEYWORDS, comment_tags=("Translators:",))
    for file, _, message, comments, _ in found:
        template.add(message, locations=[(f"{package.name}/{Path(file).as_posix()}", 0)], auto_comments=comments)
    return template


def new_catalogue(language: str | None) -> Catalog:
    """Return an empty catalogue for `language`, or an empty template."""
    return Catalog(
        locale=language,
        header_comment="# Messages of Unbraid. MIT licence, like the app.",
        project="Unbraid",
        creation_date=CREATION_DATE,
        charset="utf-8",
    )


def create_catalogue(folder: Path, language: str) -> None:
    """Create an empty catalogue for `language`, such as "de" or "pt_BR", unless there is one."""
    path = folder / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        path.parent.mkdir(parents=True)
        path.write_bytes(format_catalogue(new_catalogue(language)))


def find_catalogues(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield each language in `folder` with the path of its catalogue."""
    for path in sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        yield path.parent.parent.name, path


def update_catalogue(path: Path, language: str, template: Catalog) -> int:
    """Merge `template` into the catalogue at `path`, compile it, and return the number of missing translations."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    catalogue.update(template)
    path.write_bytes(format_catalogue(catalogue))
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
    return sum(message.fuzzy or not is_translated(message) for message in catalogue if message.id)


def is_translated(message: Message) -> bool:
    """Return True if every form of `message` has a translation."""
    forms = message.string
    return bool(forms) and (isinstance(forms, str) or all(forms))


def format_catalogue(catalogue: Catalog) -> bytes:
    """Return the content of a catalogue's file, sorted by file, so that a change of one message changes few lines."""
    out = BytesIO()
    write_po(out, catalogue, width=100, sort_by_file=True, include_lineno=False, ignore_obsolete=False)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
