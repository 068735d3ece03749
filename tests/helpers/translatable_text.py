"""Rules for text in the source code, without which the extraction or a translation would miss it."""

import ast
import re
import string
from collections.abc import Iterable, Iterator

PLURAL_FUNCTIONS = {"tr_count", "count_message"}
SHOWN_AT_ONCE = {"tr", "tr_count"}
MESSAGE_FUNCTIONS = {"tr", "Message", *PLURAL_FUNCTIONS}
# What shows an argument to the user. Other functions are found by `list_text_arguments`.
TEXT_ARGUMENTS: set[tuple[str, int | str]] = {
    *((name, 0) for name in (
        "setText", "setPlainText", "setHtml", "setToolTip", "setStatusTip", "setWhatsThis", "setAccessibleName",
        "setAccessibleDescription", "setWindowTitle", "setPlaceholderText", "setTitle", "setPrefix", "setSuffix",
        "setSpecialValueText", "setLabelText", "addAction", "addMenu", "addItem", "addRow", "addButton", "addTab",
        "QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QGroupBox", "QAction", "QMenu", "Notice", "print",
        "add_column", "print_error", "print_text", "show_fatal_error",
    )),
    *((name, 1) for name in ("QAction", "addAction", "addItem", "addTab", "setItemText", "setHeaderData", "announce")),
    *((name, position) for name in ("question", "information", "critical", "about") for position in (1, 2)),
    *(("", name) for name in ("help", "description", "epilog", "usage", "tooltip", "title", "placeholder")),
}  # fmt: skip
# Arguments that get text, but not text alone.
MIXED_ARGUMENTS = {
    ("__init__", 0),
    ("__init__", 1),
    ("append", 0),
    ("join", 0),
    ("next", 0),
    ("reduce", 0),
    ("replace", 1),
    ("addWidget", 0),
    ("", "action"),
}
# Product names and commands are the same in every language.
NAMES = {"Unbraid", "unbraid"}


def find_untranslatable_calls(source: str) -> list[str]:
    """Return what is wrong with the calls that make messages: "line: reason"."""
    tree = ast.parse(source)
    problems = [(call.lineno, problem) for call in _message_calls(tree) for problem in _call_problems(call)]
    problems += [
        (call.lineno, "is translated at import time, when the language is not known yet")
        for call in _import_time_calls(tree.body)
        if _called_name(call) in SHOWN_AT_ONCE
    ]
    return [f"{line}: {problem}" for line, problem in sorted(problems)]


def list_text_arguments(sources: Iterable[str]) -> set[tuple[str, int | str]]:
    """Return the functions, with position or keyword, that get a translated text in any of `sources`."""
    found = {
        place
        for source in sources
        for place, value in _arguments(ast.parse(source))
        if any(_called_name(call) in MESSAGE_FUNCTIONS for call in _list_parts(value) if isinstance(call, ast.Call))
    }
    return (TEXT_ARGUMENTS | found) - MIXED_ARGUMENTS


def find_untranslated_literals(source: str, text_arguments: set[tuple[str, int | str]]) -> list[str]:
    """Return the literals with words that are shown as they are: "line: text"."""
    return [
        f"{part.lineno}: {part.value}"
        for place, value in _arguments(ast.parse(source))
        if place in text_arguments
        for part in _list_parts(value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and _has_words(part.value)
    ]


def _has_words(text: str) -> bool:
    return any(len(word) > 1 and word not in NAMES for word in re.findall(r"[^\W\d_]+", text))


def _arguments(tree: ast.AST) -> Iterator[tuple[tuple[str, int | str], ast.expr]]:
    """Yield each argument of each call: function and position, or "" and keyword, with its expression."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _called_name(call) not in MESSAGE_FUNCTIONS:
            name = _called_name(call)
            yield from (((name, position), value) for position, value in enumerate(call.args))
            yield from ((("", keyword.arg or "**"), keyword.value) for keyword in call.keywords)


def _list_parts(value: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts that the text of an expression may consist of, constants and calls among them."""
    yield value
    match value:
        case ast.JoinedStr():
            parts = value.values
        case ast.FormattedValue():
            parts = [value.value]
        case ast.BinOp():
            parts = [value.left, value.right]
        case ast.IfExp():
            parts = [value.body, value.orelse]
        case ast.BoolOp():
            parts = value.values
        case ast.List() | ast.Tuple():
            parts = value.elts
        case ast.Call(func=ast.Attribute(value=ast.Constant() as constant, attr="format")):
            parts = [constant]
        case (
            ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join")) | ast.Call(func=ast.Name(id="str" | "Text"))
        ):
            parts = value.args
        case _:
            parts = []
    for part in parts:
        yield from _list_parts(part)


def _called_name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _message_calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called_name(node) in MESSAGE_FUNCTIONS)


def _call_problems(call: ast.Call) -> Iterator[str]:
    name = _called_name(call)
    template_count = 2 if name in PLURAL_FUNCTIONS else 1
    templates = [
        argument.value
        for argument in call.args[:template_count]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    if len(templates) < template_count:
        yield f"{name}() needs a literal, or the extraction misses the text"
        return
    given = {keyword.arg for keyword in call.keywords}
    if None in given:
        yield f"{name}(**…) hides the names of the fields"
        return
    all_fields = {field for template in templates for field in _list_fields(template)}
    allowed = given | {"count"} if name in PLURAL_FUNCTIONS else given
    yield from (f"there is no field for {keyword}=" for keyword in sorted(filter(None, given - all_fields)))
    # A message without arguments may get them later, by with_arguments.
    if given or name != "Message":
        yield from (f"the field {{{field}}} gets no value" for field in sorted(all_fields - allowed))


def _list_fields(template: str) -> Iterator[str]:
    for _, field, format_spec, _ in string.Formatter().parse(template):
        if field is not None:
            yield re.split(r"[.\[]", field)[0]
            yield from _list_fields(format_spec or "")


def _import_time_calls(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    """Yield the calls that run when the module is imported: not those in the bodies of functions."""
    for node in nodes:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                annotations = [argument.annotation for argument in ast.walk(node.args) if isinstance(argument, ast.arg)]
                run: Iterable[ast.AST | None] = [
                    *node.decorator_list, *node.args.defaults, *node.args.kw_defaults, *annotations, node.returns,
                ]  # fmt: skip
            case ast.Lambda():
                run = [*node.args.defaults, *node.args.kw_defaults]
            case _:
                run = ast.iter_child_nodes(node)
        if isinstance(node, ast.Call):
            yield node
        yield from _import_time_calls(filter(None, run))
