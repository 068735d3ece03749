"""Specifications of settings: declared once, complete, and true for the defaults."""

import math
from dataclasses import dataclass, fields
from typing import Annotated

import pytest

from desktop.setting_spec import Choice, Group, Range, Row, collect_settings
from desktop.settings import SETTINGS, Settings, settings_from_fields, valid_settings
from desktop.text.message import Message


@dataclass(frozen=True)
class Example:
    size: Annotated[
        int, Range(1, 9), Row(Group.APP, Message("Size"), Message("How large."), (Choice(1, Message("One")),))
    ] = 3
    name: str = ""
    theme: Annotated[
        str,
        Row(
            Group.APP,
            Message("Theme"),
            Message("Colours."),
            (Choice("dark", Message("Dark")), Choice("light", Message("Light"))),
        ),
    ] = "dark"


def test_field_of_the_class_is_all_that_a_setting_needs() -> None:
    settings = collect_settings(Example)
    assert [(s.key, s.type, s.default) for s in settings.values()] == [
        ("size", int, 3), ("name", str, ""), ("theme", str, "dark"),
    ]  # fmt: skip
    assert [s.is_in(Group.APP) for s in settings.values()] == [True, False, True]


def test_number_is_valid_in_its_range_and_text_among_its_choices() -> None:
    settings = collect_settings(Example)
    assert [number for number in range(12) if settings["size"].is_valid(number)] == list(range(1, 10))
    assert not settings["size"].is_valid(math.nan)
    assert [text for text in ("dark", "light", "red") if settings["theme"].is_valid(text)] == ["dark", "light"]
    assert settings["name"].is_valid("anything")


def test_field_without_a_default_is_refused() -> None:
    @dataclass(frozen=True)
    class Incomplete:
        size: int

    with pytest.raises(TypeError, match="size"):
        collect_settings(Incomplete)


def test_every_field_is_a_setting_whose_default_is_valid() -> None:
    assert list(SETTINGS) == [field.name for field in fields(Settings)]
    for setting in SETTINGS.values():
        assert setting.has_type(setting.default)
        assert setting.is_valid(setting.default)
    assert valid_settings(Settings()) == Settings()


def test_every_choice_is_valid_and_every_list_has_choices() -> None:
    rows = {key: setting.row for key, setting in SETTINGS.items() if setting.row}
    for key, row in rows.items():
        assert all(SETTINGS[key].is_valid(choice.value) for choice in row.choices)
        assert bool(row.choices) == (SETTINGS[key].type is not bool and not row.is_folder)


def test_settings_of_a_file_keep_values_of_the_right_type_only() -> None:
    saved = {"fast": True, "shifts": "many", "overlap": 7.5, "unknown": 1, "folder": None}
    assert settings_from_fields(saved) == Settings(fast=True, overlap=7.5)
    assert valid_settings(settings_from_fields(saved)) == Settings(fast=True)
