"""The user's saved settings and Unbraid's environment variables."""

import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from ipaddress import ip_address
from typing import Annotated

from desktop.errors import ConfigurationError
from desktop.setting_spec import Choice, Group, Need, Range, Row, collect_settings
from desktop.text.catalogue import LANGUAGE_VARIABLE, is_language
from desktop.text.message import Message, count_message, verbatim

DEFAULT_MODEL = "htdemucs"
SKETCH_MODEL = "sketch"
"""Name of the built-in model, which makes drafts."""
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


def _describe_passes(number: float) -> Message:
    return count_message("{count} pass", "{count} passes", int(number))


def _describe_fraction(fraction: float) -> Message:
    percent = f"{fraction:.0%}".removesuffix("%")
    return Message("{percent} %", percent=percent)


@dataclass(frozen=True)
class Settings:
    """The user's saved choices. A field with a `Row` is in the settings dialog, in this order."""

    model: str = DEFAULT_MODEL
    draft: Annotated[
        bool,
        Row(
            Group.SEPARATION,
            Message("&Draft while you wait"),
            Message("Hear a rough version of every stem within seconds, while the model works on the real one."),
        ),
    ] = True
    """Make a draft of a new track with Sketch before the model separates it."""
    awake: Annotated[
        bool,
        Row(
            Group.SEPARATION,
            Message("&Keep the computer awake"),
            Message("It does not go to sleep by itself before the songs are done."),
        ),
    ] = True
    """Keep the computer from sleeping while a job is processed."""
    quit: Annotated[
        str,
        Row(
            Group.SEPARATION,
            Message("If songs are still being separated when I &quit"),
            Message("Your progress is saved either way."),
            (
                Choice("ask", Message("Ask")),
                Choice("background", Message("Finish in the background"), Need.TRAY),
                Choice("stop", Message("Quit and resume later")),
            ),
        ),
    ] = "ask"
    """What happens to processing jobs when the window is closed."""
    export_format: Annotated[
        str,
        Row(
            Group.EXPORT,
            Message("&Export format"),
            Message("WAV and FLAC keep every sample of the stems. MP3 files are smaller."),
            tuple(Choice(name, verbatim(name.upper())) for name in EXPORT_FORMATS),
        ),
    ] = "wav"
    runtime: Annotated[
        str,
        Row(
            Group.QUALITY,
            Message("R&un on"),
            Message("Automatic uses the fastest option on this computer."),
            (
                Choice("auto", Message("Automatic (recommended)")),
                Choice("openvino", Message("Processor (OpenVINO)"), Need.OPENVINO),
                Choice("torch", Message("Processor (PyTorch)")),
                Choice("cuda", Message("NVIDIA GPU"), Need.NVIDIA),
                Choice("mps", Message("Apple GPU"), Need.APPLE),
            ),
        ),
    ] = "auto"
    """One of `RUNTIMES`."""
    fast: Annotated[
        bool,
        Row(
            Group.QUALITY,
            Message("Half &precision (faster)"),
            Message("Computes with 16-bit numbers if this computer can. The difference is usually inaudible."),
        ),
    ] = False
    """Compute in 16-bit floats where this machine can: faster, with errors of about a thousandth."""
    shifts: Annotated[
        int,
        Range(0, 20, _describe_passes),  # more passes would take too long
        Row(
            Group.QUALITY,
            Message("Careful &separation"),
            Message(
                "Separates the song several times, slightly shifted, and averages the results. 2 passes take twice as long."
            ),
            (Choice(0, Message("Off")), *(Choice(number, _describe_passes(number)) for number in (2, 5, 10))),
        ),
    ] = 0
    """Number of time-shifted passes that are averaged; 0 separates the track once, unshifted."""
    overlap: Annotated[
        float,
        Range(0.0, 0.9, _describe_fraction),
        Row(
            Group.QUALITY,
            Message("&Overlap"),
            Message(
                "A song is separated in pieces. The more they overlap, the smoother the joins, but the longer it takes."
            ),
            (
                Choice(0.1, Message("Short, 10 %")),
                Choice(0.25, Message("Standard, 25 %")),
                Choice(0.5, Message("Long, 50 %")),
            ),
        ),
    ] = 0.25
    """Fraction of a segment that it shares with the next one."""
    updates: Annotated[
        bool,
        Row(
            Group.APP,
            Message("Check for &new versions"),
            Message(
                "Unbraid asks about once a day and sends nothing but that request. While this is off, it never asks."
            ),
            needs=Need.UPDATE_FEED,
        ),
    ] = False
    """Check for a newer version once a day."""
    master_db: float = 0.0
    """Master level of the player in dB."""
    folder: str = ""
    """The folder that tracks were last added from."""
    export_folder: str = ""
    """The folder that stems were last exported to."""
    window: str = ""
    """Geometry of the window as saved by Qt, in Base64."""
    splitter: str = ""
    """State of the splitter between library and player as saved by Qt, in Base64."""


SETTINGS = collect_settings(Settings)
"""The specification of every setting, by key."""


@dataclass(frozen=True)
class RedisSettings:
    """Address and password of a Redis server."""

    host: str
    port: int
    db: int
    password: str | None


def settings_from_fields(saved: Mapping[str, object]) -> Settings:
    """Return settings with the values of a settings file, and the default for each that has the wrong type."""
    values = {key: saved[key] for key, setting in SETTINGS.items() if key in saved and setting.has_type(saved[key])}
    return replace(Settings(), **values)


def valid_settings(settings: Settings) -> Settings:
    """Return the settings with the default for each value that is out of range or not among its choices."""
    values = asdict(settings)
    invalid = [setting for setting in SETTINGS.values() if not setting.is_valid(values[setting.key])]
    return replace(settings, **{setting.key: setting.default for setting in invalid})


def check_environment() -> None:
    """Check Unbraid's environment variables. Raises ConfigurationError that names the first invalid one."""
    for read in (
        external_redis,
        queue_from_environment,
        model_url_from_environment,
        runtime_from_environment,
        language_from_environment,
    ):
        read()


def queue_from_environment() -> str | None:
    """Return the queue name in `UNBRAID_QUEUE`, or None if it is unset. Raises ConfigurationError."""
    return _read_variable(
        "UNBRAID_QUEUE",
        _QUEUE_NAME.fullmatch,
        Message("It must be the name of a queue: letters, digits, “.”, “_” and “-”."),
    )


def model_url_from_environment() -> str | None:
    """Return the base URL for model downloads in `UNBRAID_MODEL_URL`, or None. Raises ConfigurationError."""
    return _read_variable(
        "UNBRAID_MODEL_URL",
        _URL.fullmatch,
        Message("It must be the address of a folder, such as https://example.org/models."),
    )


def runtime_from_environment() -> str | None:
    """Return the runtime in `UNBRAID_RUNTIME`, one of `RUNTIMES`, or None. Raises ConfigurationError."""
    return _read_variable(
        "UNBRAID_RUNTIME",
        RUNTIMES.__contains__,
        Message("It must be one of {runtimes}.", runtimes=", ".join(RUNTIMES)),
    )


def language_from_environment() -> str | None:
    """Return the code of the language in `UNBRAID_LANGUAGE`, such as "pt_BR", or None. Raises ConfigurationError."""
    return _read_variable(
        LANGUAGE_VARIABLE, is_language, Message("It must be the code of a language, such as de or pt_BR.")
    )


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
        port=_read_number("REDIS_PORT", 6379, range(1, 65_536), Message("It must be a whole number from 1 to 65535.")),
        db=_read_number("REDIS_DB", 0, range(_MAX_DATABASES), Message("It must be a whole number of at least 0.")),
        password=_read_password("REDIS_PASSWORD"),
    )


def _read_host(name: str, default: str) -> str:
    text = os.environ.get(name, "").strip() or default
    unbracketed = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    with suppress(ValueError):
        return str(ip_address(unbracketed))
    if _HOST_NAME.fullmatch(text):
        return text
    raise _configuration_error(
        name, text, Message("It must be the name or the IP address of a computer, such as localhost or ::1.")
    )


def _read_number(name: str, default: int, allowed: range, requirement: Message) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if re.fullmatch(r"[0-9]{1,9}", text) and int(text) in allowed:
        return int(text)
    raise _configuration_error(name, text, requirement)


def _read_password(name: str) -> str | None:
    text = os.environ.get(name) or None
    try:
        (text or "").encode()
    except UnicodeEncodeError as error:
        raise ConfigurationError(Message("{name} cannot be used: it must be text in UTF-8.", name=name)) from error
    return text


def _read_variable(name: str, is_allowed: Callable[[str], object], requirement: Message) -> str | None:
    text = os.environ.get(name) or None
    if text is None or is_allowed(text):
        return text
    raise _configuration_error(name, text, requirement)


def _configuration_error(name: str, text: str, requirement: Message) -> ConfigurationError:
    """Return the error for the value `text` of a variable; `requirement` is a sentence on what it must be."""
    return ConfigurationError(Message("{variable} is {value}.", variable=name, value=_quote(text)), requirement)


def _quote(text: str) -> str:
    """Return `text` in quotes, shortened, with control characters escaped."""
    return repr(text if len(text) <= _MAX_QUOTED_CHARS else text[:_MAX_QUOTED_CHARS] + "…")
