"""The user's settings, with defaults so good that nobody needs them, and the Redis settings of the environment."""

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from desktop.paths import Home

DEFAULT_MODEL = "htdemucs"
EXPORT_FORMATS = ("wav", "flac", "mp3")


@dataclass(frozen=True)
class Settings:
    """What the user may choose once and for all."""

    model: str = DEFAULT_MODEL
    runtime: str = "auto"
    """What computes a model: "auto", "torch", "openvino", "cuda" or "mps"."""
    fast: bool = False
    """Compute with 16-bit numbers where this machine can: quicker, and off by a thousandth."""
    draft: bool = True
    """Let Sketch fill the lanes of a new song before the model does."""
    shifts: int = 0
    """How often a song is separated at shifted places, all of which are averaged; 0 separates it once, unshifted."""
    overlap: float = 0.25
    """Part of a segment that it shares with its neighbour."""
    master_db: float = 0.0
    folder: str = ""
    """Where songs were last added from."""
    export_folder: str = ""
    """Where stems were last exported to."""
    export_format: str = "wav"
    """One of `EXPORT_FORMATS`."""
    window: str = ""
    """Size and place of the window, as Qt writes them, in Base64."""
    splitter: str = ""
    """How the window is divided between library and player, likewise."""
    quit: str = "ask"
    """What becomes of songs in work when the window is closed: "ask", "background" or "stop"."""
    awake: bool = True
    """Keep the computer from going to sleep by itself while a song is separated."""
    updates: bool = False
    """Ask once a day whether there is a newer version."""


@dataclass(frozen=True)
class RedisSettings:
    """A Redis server that somebody else runs."""

    host: str
    port: int
    db: int
    password: str | None


def load_settings(home: Home) -> Settings:
    """The saved settings; the defaults for whatever is missing, unknown or damaged."""
    try:
        saved = json.loads(home.settings.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Settings()
    if not isinstance(saved, dict):
        return Settings()
    defaults = asdict(Settings())
    kept = {f.name: saved[f.name] for f in fields(Settings) if isinstance(saved.get(f.name), type(defaults[f.name]))}
    return Settings(**kept)


def save_settings(home: Home, settings: Settings) -> None:
    """Write the settings so that a power cut leaves the old ones or the new ones. Raises OSError."""
    write_atomically(home.settings, json.dumps(asdict(settings), indent=2).encode())


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step: a temporary name beside it, then a rename. Raises OSError."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)


def external_redis() -> RedisSettings | None:
    """The Redis named by `REDIS_HOST` (and `REDIS_PORT`, `REDIS_DB`, `REDIS_PASSWORD`), or None: then we run our own."""
    host = os.environ.get("REDIS_HOST")
    if not host:
        return None
    return redis_from_environment(host)


def redis_from_environment(host: str = "localhost") -> RedisSettings:
    """The server that the environment names, with the usual defaults: localhost, 6379, database 0, no password."""
    return RedisSettings(
        host=os.environ.get("REDIS_HOST") or host,
        port=int(os.environ.get("REDIS_PORT") or 6379),
        db=int(os.environ.get("REDIS_DB") or 0),
        password=os.environ.get("REDIS_PASSWORD") or None,
    )
