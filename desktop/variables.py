"""Unbraid's environment variables, read and checked."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from desktop.errors import ConfigurationError
from desktop.settings import RUNTIMES
from desktop.text.catalogue import LANGUAGE_VARIABLE, is_language
from desktop.text.message import Message

# Excludes the characters of Redis patterns and the separators of Celery's keys.
_QUEUE_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_URL = re.compile(r"https?://[^\s/?#]+(/\S*)?|file:///\S*")
_HOST_NAME = re.compile(r"[\w.-]+")
# Redis numbers databases with a signed 32-bit integer; how many a server has is its own setting.
_MAX_DATABASES = 2**31
_MAX_QUOTED_CHARS = 60


@dataclass(frozen=True)
class RedisSettings:
    """Address and password of a Redis server."""

    host: str
    port: int
    db: int
    password: str | None


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
