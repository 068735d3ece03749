"""The user's settings, with defaults so good that nobody needs them, and the variables of the environment that are ours."""

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from ipaddress import ip_address
from pathlib import Path

from desktop.errors import ConfigurationError
from desktop.paths import Home

DEFAULT_MODEL = "htdemucs"
EXPORT_FORMATS = ("wav", "flac", "mp3")
RUNTIMES = ("auto", "torch", "openvino", "cuda", "mps")
"""What may compute a model."""
# The separators of Redis patterns and of Celery's own keys are not among them.
_QUEUE_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_URL = re.compile(r"https?://[^\s/?#]+(/\S*)?|file:///\S*")
_HOST_NAME = re.compile(r"[\w.-]+")
# Redis counts databases in a signed 32-bit number; how many a server has is its own setting.
_MAX_DATABASES = 2**31
_MAX_QUOTED_CHARS = 60


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
    values = {f.name: saved[f.name] for f in fields(Settings) if isinstance(saved.get(f.name), type(defaults[f.name]))}
    return Settings(**values)


def save_settings(home: Home, settings: Settings) -> None:
    """Write the settings so that a power cut leaves the old ones or the new ones. Raises OSError."""
    write_atomically(home.settings, json.dumps(asdict(settings), indent=2).encode())


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step: a temporary name beside it, then a rename. Raises OSError."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(data)
    temporary.replace(path)


def check_environment() -> None:
    """Raise ConfigurationError, which names it, when one of our variables cannot be used."""
    for read in (external_redis, queue_from_environment, model_url_from_environment, runtime_from_environment):
        read()


def queue_from_environment() -> str | None:
    """Return the queue that `UNBRAID_QUEUE` names in place of the library's own. Raises ConfigurationError."""
    return _read_variable(
        "UNBRAID_QUEUE", _QUEUE_NAME.fullmatch, "the name of a queue: letters, digits, “.”, “_” and “-”"
    )


def model_url_from_environment() -> str | None:
    """Return where `UNBRAID_MODEL_URL` has model files downloaded from. Raises ConfigurationError."""
    return _read_variable(
        "UNBRAID_MODEL_URL", _URL.fullmatch, "the address of a folder, such as https://example.org/models"
    )


def runtime_from_environment() -> str | None:
    """Return the runtime that `UNBRAID_RUNTIME` has models computed by. Raises ConfigurationError."""
    return _read_variable("UNBRAID_RUNTIME", RUNTIMES.__contains__, f"one of {', '.join(RUNTIMES)}")


def external_redis() -> RedisSettings | None:
    """Return the Redis that `REDIS_HOST` names (with `REDIS_PORT`, `REDIS_DB`, `REDIS_PASSWORD`), or None: we run our own.

    Without `REDIS_HOST` the other three are not looked at: containers set `REDIS_PORT` to an address of their own.
    Raises ConfigurationError.
    """
    return redis_from_environment() if os.environ.get("REDIS_HOST") else None


def redis_from_environment() -> RedisSettings:
    """Return the server that the environment names, or the usual one: localhost, 6379, database 0, no password.

    Raises ConfigurationError.
    """
    return RedisSettings(
        host=_read_host("REDIS_HOST", "localhost"),
        port=_read_number("REDIS_PORT", 6379, range(1, 65_536), "from 1 to 65535"),
        db=_read_number("REDIS_DB", 0, range(_MAX_DATABASES), "from 0 on"),
        password=_read_password("REDIS_PASSWORD"),
    )


def _read_host(name: str, default: str) -> str:
    text = os.environ.get(name, "").strip() or default
    unbracketed = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    with suppress(ValueError):
        return str(ip_address(unbracketed))
    if _HOST_NAME.fullmatch(text):
        return text
    raise ConfigurationError(
        f"{name} is {_quote(text)}. It must be the name or the IP address of a computer, such as localhost or ::1."
    )


def _read_number(name: str, default: int, allowed: range, allowed_text: str) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if re.fullmatch(r"[0-9]{1,9}", text) and int(text) in allowed:
        return int(text)
    raise ConfigurationError(f"{name} is {_quote(text)}. It must be a whole number {allowed_text}.")


def _read_password(name: str) -> str | None:
    text = os.environ.get(name) or None
    try:
        (text or "").encode()
    except UnicodeEncodeError as error:
        raise ConfigurationError(f"{name} cannot be used: it must be text in UTF-8.") from error
    return text


def _read_variable(name: str, is_allowed: Callable[[str], object], allowed_text: str) -> str | None:
    text = os.environ.get(name) or None
    if text is None or is_allowed(text):
        return text
    raise ConfigurationError(f"{name} is {_quote(text)}. It must be {allowed_text}.")


def _quote(text: str) -> str:
    """Return `text` in quotes, with control characters escaped."""
    return repr(text if len(text) <= _MAX_QUOTED_CHARS else text[:_MAX_QUOTED_CHARS] + "…")
