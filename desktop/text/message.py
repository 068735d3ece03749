"""Messages for the user: an English template and its arguments, translated when they are shown.

Code below the window and the command line makes a `Message`; these two show it with `str`, or make text with `tr`. The
English template is the key of the catalogue, as gettext has it: docs/howto/add-a-message.md.
"""

import json
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from desktop.text.catalogue import translate, translate_count
from desktop.text.sizes import format_size

_FORMATS: dict[str, Callable[[Any], str]] = {"size": format_size}


@dataclass(frozen=True, init=False)
class Message:
    """A sentence or a part of one, with its arguments.

    The template has fields as `str.format` has them, with one format of our own: `{free:size}` for a number of bytes. A
    template without arguments is shown as it is, braces included.
    """

    template: str
    arguments: "tuple[tuple[str, str | int | float | Message], ...]"
    """Names and values; a value may be a message in turn."""
    plural: str | None
    """Template for every count but one, if the argument `count` chooses the form; None if there is one form only."""

    def __init__(self, template: str, /, **arguments: "str | int | float | Message") -> None:
        """Fill the fields of `template` with `arguments` when the message is shown."""
        _set_fields(self, template, arguments, None)

    def with_arguments(self, **arguments: "str | int | float | Message") -> "Message":
        """Return the message with further arguments, for a template whose fields are filled at several places."""
        return _new_message(self.template, dict(self.arguments) | arguments, self.plural)

    def __str__(self) -> str:
        """Return the text in the language of this process; English if the translation's fields are wrong."""
        arguments = dict(self.arguments)
        count = arguments.get("count")
        if self.plural is None or not isinstance(count, int):
            translation, original = translate(self.template), self.template
        else:
            translation = translate_count(self.template, self.plural, count)
            original = self.template if count == 1 else self.plural
        if not arguments:
            return translation
        try:
            return _FORMATTER.vformat(translation, (), arguments)
        except (LookupError, ValueError, TypeError, AttributeError):
            return _FORMATTER.vformat(original, (), arguments)

    def __format__(self, format_spec: str) -> str:
        """Return the text, formatted like a string, so that a message can stand in another one's field."""
        return format(str(self), format_spec)


def count_message(singular: str, plural: str, count: int, /, **arguments: str | int | float | Message) -> Message:
    """Return a message whose template depends on `count`, which is also the argument `{count}`."""
    return _new_message(singular, {"count": count} | arguments, plural)


def tr(template: str, /, **arguments: str | int | float | Message) -> str:
    """Return `template` in the language of this process, with its fields filled. For text that is shown at once."""
    return str(Message(template, **arguments)) if arguments else translate(template)


def tr_count(singular: str, plural: str, count: int, /, **arguments: str | int | float | Message) -> str:
    """Return the form for `count` in the language of this process; `{count}` is the number."""
    return str(count_message(singular, plural, count, **arguments))


def verbatim(text: str) -> Message:
    """Return a message that is `text` in every language: the words of another program, or of an earlier version."""
    return Message("{text}", text=text)


def join_messages(*messages: Message, separator: str = " ") -> Message:
    """Return the messages as one, with `separator` between them."""
    arguments = {f"part{number}": message for number, message in enumerate(messages)}
    return Message(separator.join(f"{{{name}}}" for name in arguments), **arguments)


def message_to_json(message: Message) -> str:
    """Return the template and the arguments as JSON, for the database."""
    return json.dumps(_to_fields(message))


def message_from_json(text: str) -> Message:
    """Return the message that `message_to_json` wrote. Other text is the sentence of an earlier version, kept as it is."""
    try:
        return _from_fields(json.loads(text))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return verbatim(text)


def _to_fields(message: Message) -> dict[str, Any]:
    arguments = {name: _to_fields(value) if isinstance(value, Message) else value for name, value in message.arguments}
    fields: dict[str, Any] = {"template": message.template}
    if message.plural is not None:
        fields["plural"] = message.plural
    return fields | {"args": arguments} if arguments else fields


def _from_fields(fields: Mapping[str, Any]) -> Message:
    arguments = {
        name: _from_fields(value) if isinstance(value, dict) else value
        for name, value in fields.get("args", {}).items()
    }
    return _new_message(str(fields["template"]), arguments, fields.get("plural"))


def _new_message(template: str, arguments: "Mapping[str, str | int | float | Message]", plural: str | None) -> Message:
    message = object.__new__(Message)
    _set_fields(message, template, arguments, plural)
    return message


def _set_fields(
    message: Message, template: str, arguments: "Mapping[str, str | int | float | Message]", plural: str | None
) -> None:
    for name, value in (("template", template), ("arguments", tuple(arguments.items())), ("plural", plural)):
        object.__setattr__(message, name, value)  # the dataclass is frozen


class _Formatter(string.Formatter):
    """`str.format` with the formats of `_FORMATS`."""

    def format_field(self, value: Any, format_spec: str) -> str:
        own_format = _FORMATS.get(format_spec)
        return own_format(value) if own_format else format(value, format_spec)


_FORMATTER = _Formatter()
