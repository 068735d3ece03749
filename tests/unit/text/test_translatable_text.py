"""Every text in the code can be extracted and translated, and none is shown without."""

from pathlib import Path

import pytest

from tests.helpers.translatable_text import (
    TEXT_ARGUMENTS,
    find_untranslatable_calls,
    find_untranslated_literals,
    list_text_arguments,
)

PACKAGE = Path(__file__).parents[3] / "desktop"
MESSAGE_MODULE = PACKAGE / "text" / "message.py"
SHOWING_FILES = [
    *sorted((PACKAGE / "ui").rglob("*.py")),
    *sorted((PACKAGE / "cli").rglob("*.py")),
    PACKAGE / "gui.py",
    PACKAGE / "__main__.py",
]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_templates_are_literals_with_all_their_fields_and_are_translated_late() -> None:
    files = [path for path in sorted(PACKAGE.rglob("*.py")) if path != MESSAGE_MODULE]
    problems = {path.name: found for path in files if (found := find_untranslatable_calls(read(path)))}
    assert not problems


def test_no_literal_is_shown_without_translation() -> None:
    text_arguments = list_text_arguments(map(read, SHOWING_FILES))
    assert {("PushButton", 0), ("show_text", 0), ("", "action_text")} <= text_arguments - TEXT_ARGUMENTS
    found = {
        path.name: found for path in SHOWING_FILES if (found := find_untranslated_literals(read(path), text_arguments))
    }
    assert not found


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        # Templates that the extraction cannot read.
        ("def f(): tr(text)", "needs a literal"),
        ("def f(): tr(f'{count} songs')", "needs a literal"),
        ("def f(): tr('Add ' + name)", "needs a literal"),
        ("def f(): tr()", "needs a literal"),
        ("X = Message(TEXT)", "needs a literal"),
        ("def f(): text.tr(template='Stop')", "needs a literal"),
        ("def f(): tr_count('{count} song', plural, 2)", "needs a literal"),
        ("X = count_message('{count} song', f'{n} songs', 2)", "needs a literal"),
        # Translated before the language is known.
        ("X = tr('Stop')", "import time"),
        ("class A:\n    x = {1: [tr('Stop')]}", "import time"),
        ("def f(text=tr('Stop')): pass", "import time"),
        ("def f(*, text=tr_count('{count} song', '{count} songs', 2)): pass", "import time"),
        ("@decorate(tr('Stop'))\ndef f(): pass", "import time"),
        ("@decorate(tr('Stop'))\nclass A: pass", "import time"),
        ("class A:\n    def f(self, text=tr('Stop')): pass", "import time"),
        ("def f(text: Annotated[str, tr('Stop')]): pass", "import time"),
        ("f = lambda text=tr('Stop'): text", "import time"),
        ("if True:\n    X = [tr('Stop') for _ in range(2)]", "import time"),
        # Fields and arguments that do not match.
        ("def f(): tr('Add {name}')", "{name} gets no value"),
        ("def f(): tr('Add', title=title)", "no field for title="),
        ("def f(): tr('Add {name} to {place.root}', name=name)", "{place} gets no value"),
        ("def f(): tr('{x:{width}}', x=x)", "{width} gets no value"),
        ("X = Message('Add {name} to {place}', name='a')", "{place} gets no value"),
        ("X = Message('Add', name='a')", "no field for name="),
        ("X = Message('Add {name}', **names)", "hides the names"),
        ("def f(): tr_count('{count} of {total}', '{count} of {sum}', 2, total=3)", "{sum} gets no value"),
        ("def f(): tr_count('One song', '{count} songs', 2, name=name)", "no field for name="),
    ],
)
def test_wrong_message_is_found(source: str, problem: str) -> None:
    (found,) = find_untranslatable_calls(source)
    assert problem in found


@pytest.mark.parametrize(
    "source",
    [
        "X = Message('Add {name} to {place}')",  # completed by with_arguments
        "X = Message('A' 'dd {free:size}', free=1)",
        "X = count_message('One song', '{count} songs of {total}', 2, total=3)",
        "class A:\n    def f(self):\n        return tr('{progress:.0%} of {{1}}', progress=0.5)",
        "X = lambda: tr('Stop')",
        "def f():\n    def g(text=tr('Stop')): pass",
    ],
)
def test_right_message_is_accepted(source: str) -> None:
    assert not find_untranslatable_calls(source)


@pytest.mark.parametrize(
    "statement",
    [
        "label.setText('Stop')",
        "label.setText(f'{count} songs')",
        "label.setToolTip(text if text else 'Stop')",
        "label.setToolTip(text or 'Stop')",
        "label.setAccessibleName('Volume of ' + stem)",
        "self.setWindowTitle(f'{title} – Settings')",
        "menu.addAction('Stop', self.stop)",
        "menu.addAction(icon, 'Stop')",
        "QLabel('Stop')",
        "print('%d songs' % count)",
        "print('{} songs'.format(count), file=sys.stderr)",
        "print(' '.join(['two', tr('songs')]))",
        "parser.add_argument('--all', help='Stop all')",
        "parser.add_parser('stop', help='Stop', description=tr('Stop'))",
        "bar.show_text('Stop')",  # because it gets a translated text elsewhere
        "Notice(text, action_text='Stop')",
    ],
)
def test_text_without_translation_is_found(statement: str) -> None:
    elsewhere = "bar.show_text(tr('Stop'))\nNotice(text, action_text=tr('Stop'))"
    assert len(find_untranslated_literals(statement, list_text_arguments([elsewhere]))) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "label.setText(tr('{count} songs', count=2))",
        "label.setText(str(Message('Stop')))",
        "label.setText(f'{tr(\"Stop\")} · {title} (1)')",
        "label.setText(format_text('key', title))",
        "label.setText('–')",
        "label.setText('M')",
        "self.setWindowTitle(f'{title} – Unbraid')",
        "print(f'unbraid: {error}')",
        "label.setObjectName('separator')",
    ],
)
def test_translated_text_names_and_symbols_are_accepted(statement: str) -> None:
    assert not find_untranslated_literals(statement, list_text_arguments([]))
