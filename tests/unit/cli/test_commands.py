"""Every command that the help names is one, and no file of that name."""

import argparse

from desktop.__main__ import COMMANDS
from desktop.cli.main import parser


def test_every_command_reaches_the_command_line() -> None:
    (commands,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    # Programs of their own, which `desktop.__main__` starts without the command line.
    assert set(COMMANDS) == commands.choices.keys() - {"worker", "selftest"}
