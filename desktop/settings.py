"""The user's saved settings and Unbraid's environment variables."""

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
"""Runtimes that can compute a model, as settings and `UNBRAID_RUNTIME` name them."""
# Excludes the characters of Redis patterns and the separators of Celery's keys.
_QUEUE_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_URL = re.compile(r"https?://[^\s/?#]+(/\S*)?|file:///\S*")
_HOST_NAME = re.compile(r"[\w.-]+")
# Redis numbers databases with a signed 32-bit integer; how many a server has is its own setting.
_MAX_DATABASES = 2**31
_MAX_QUOTED_CHARS = 60


@dataclass(frozen=True)
class Settings:
    """The user's saved choices."""

    model: str = DEFAULT_MODEL
    runtime: str = "auto"
    """One of `RUNTIMES`."""
    fast: bool = False
    """Compute in 16-bit floats where this machine can: faster, with errors of about a thousandth."""
    draft: bool = True
    """Make a draft of a new track with Sketch before the model separates it."""
    shifts: int = 0
    """Number of time-shifted passes that are averaged; 0 separates the track once, unshifted."""
    overlap: float = 0.25
    """Fraction of a segment that it shares with the next one."""
    master_db: float = 0.0
    """Master level of the player in dB."""
    folder: str = ""
    """The folder that tracks were last added from."""
    export_folder: str = ""
    """The folder that stems were last exported to."""
    export_format: str = "wav"
    """One of `EXPORT_FORMATS`."""
    window: str = ""
    """Geometry of the window as saved by Qt, in Base64."""
    splitter: str = ""
    """State of the splitter between library and player as saved by Qt, in Base64."""
    quit: str = "ask"
    """What happens to processing jobs when the window is closed: "ask", "background" or "stop"."""
    awake: bool = True
    """Keep the computer from sleeping while a job is processed."""
    updates: bool = False
    """Check for a newer version once a day."""


@dataclass(frozen=True)
class RedisSettings:
    """Address and password of a Redis server."""

    host: str
    port: int
    db: int
    password: str | None


def load_settings(home: Home) -> Settings:
    """Return the saved settings, with the default for every value that is missing or has the wrong type."""
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
    """Write the settings atomically: a power cut leaves either the old or the new ones. Raises OSError."""
    write_atomically(home.settings, json.dumps(asdict(settings), indent=2).encode())


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to a temporary file beside `path` and rename it to `path`. Raises OSError."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(data)
    temporary.replace(path)


def check_environment() -> None:
    """Check Unbraid's environment variables. Raises ConfigurationError that names the first invalid one."""
    for read in (external_redis, queue_from_environment, model_url_from_environment, runtime_from_environment):
        read()


def queue_from_environment() -> str | None:
    """Return the queue name in `UNBRAID_QUEUE`, or None if it is unset. Raises ConfigurationError."""
    return _read_variable(
        "UNBRAID_QUEUE", _QUEUE_NAME.fullmatch, "the name of a queue: letters, digits, “.”, “_” and “-”"
    )


def model_url_from_environment() -> str | None:
    """Return the base URL for model downloads in `UNBRAID_MODEL_URL`, or None. Raises ConfigurationError."""
    return _read_variable(
        "UNBRAID_MODEL_URL", _URL.fullmatch, "the address of a folder, such as https://example.org/models"
    )


def runtime_from_environment() -> str | None:
    """Return the runtime in `UNBRAID_RUNTIME`, one of `RUNTIMES`, or None. Raises ConfigurationError."""
    return _read_variable("UNBRAID_RUNTIME", RUNTIMES.__contains__, f"one of {', '.join(RUNTIMES)}")


def external_redis() -> RedisSettings | None:
    """Return the external Redis that `REDIS_HOST` names, or None if the library runs its own.

    Without `REDIS_HOST`, `REDIS_PORT`, `REDIS_DB` and `REDIS_PASSWORD` are ignored, because containers set `REDIS_PORT`
    to an address. Raises ConfigurationError.
    """
    return redis_from_environment() if os.environ.get("REDIS_HOST") else None


def redis_from_environment() -> RedisSettings:
    """Return the Redis that the environment names; defaults: localhost, port 6379, database 0, no password.

    Raises ConfigurationError.
    """
    return RedisSettings(
        host=_read_host("REDIS_HOST", "localhost"),
        port=_read_number("REDIS_PORT", 6379, range(1, 65_536), "from 1 to 65535"),
        db=_read_number("REDIS_DB", 0, range(_MAX_DATABASES), "of at least 0"),
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
    """Return `text` in quotes, shortened, with control characters escaped."""
    return repr(text if len(text) <= _MAX_QUOTED_CHARS else text[:_MAX_QUOTED_CHARS] + "…")
