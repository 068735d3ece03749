"""The arguments that the program takes for commands and not for files."""

import argparse

from desktop.__main__ import COMMANDS
from desktop.cli.parser import build_parser


def test_every_command_in_the_help_is_recognized() -> None:
    (commands,) = (action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    assert set(commands.choices) == {*COMMANDS, "worker", "selftest"}
