"""A settings file as an earlier session of the app has left it."""

import json
from dataclasses import asdict

from desktop.paths import Home
from desktop.settings import Settings, write_atomically


def save_settings(home: Home, settings: Settings) -> None:
    """Write every field of `settings` to the settings file, which replaces the old one."""
    write_atomically(home.settings, json.dumps(asdict(settings), indent=2).encode())
