"""Unbraid's own environment variables: their defaults, and the error for an invalid value."""

import pytest
from kombu.utils.url import url_to_parts

from desktop.errors import ConfigurationError
from desktop.tasks.celery_app import broker_url
from desktop.variables import RedisSettings, check_environment, external_redis, language_from_environment


def read_redis_settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> RedisSettings | None:
    for name in ("REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return external_redis()


def test_other_redis_variables_are_not_checked_without_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_redis_settings(monkeypatch, REDIS_PORT="tcp://172.17.0.2:6379", REDIS_DB="x") is None
    assert broker_url() == "redis://localhost:6379/0"
    assert read_redis_settings(monkeypatch, REDIS_HOST="", REDIS_PORT="abc") is None
    assert read_redis_settings(monkeypatch, REDIS_PORT="6390") is None
    assert broker_url() == "redis://localhost:6390/0"


def test_unset_redis_variables_have_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_redis_settings(monkeypatch, REDIS_HOST="redis") == RedisSettings("redis", 6379, 0, None)
    assert read_redis_settings(monkeypatch, REDIS_HOST="redis", REDIS_PORT="", REDIS_DB=" ") == RedisSettings(
        "redis", 6379, 0, None
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("REDIS_PORT", value)
            for value in ("abc", "0", "-1", "65536", "99999", "6379.0", "1_0", "６３７９", "9" * 5000)
        ),
        ("REDIS_PORT", "tcp://172.17.0.2:6379"),
        *(("REDIS_DB", value) for value in ("x", "-1", "0x1", "9" * 12)),
        *(
            ("REDIS_HOST", value)
            for value in ("redis://host", "host:6379", "a b", "a/b", "user@host", "[::1", "::g", "a\nb")
        ),
        *(("UNBRAID_QUEUE", value) for value in ("a b", "a:b", "*", "x" * 101, "ü")),
        *(
            ("UNBRAID_MODEL_URL", value)
            for value in ("example.org", "ftp://x/", "http://", "http://a b/", "file://etc", "x\n")
        ),
        *(("UNBRAID_RUNTIME", value) for value in ("steam", "CUDA", "cpu")),
        *(
            ("UNBRAID_LANGUAGE", value)
            for value in ("d", "german", "de_", "de_DE.", "../de", "de/../de", "dé", "de\n", "x" * 200)
        ),
    ],
)
def test_invalid_value_is_reported_with_its_variable_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    read_redis_settings(monkeypatch, REDIS_HOST="127.0.0.1")
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        check_environment()
    sentence = str(caught.value)
    assert sentence.startswith(f"{name} is '")
    assert "It must be" in sentence
    assert sentence.isprintable()
    assert len(sentence) < 200


@pytest.mark.parametrize(
    "language", ["", "de", "pt_BR", "pt-BR", "zh_Hant_TW", "de_DE.UTF-8", "sr_RS@latin", "nds", "en_XA"]
)
def test_code_of_a_language_is_accepted(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setenv("UNBRAID_LANGUAGE", language)
    check_environment()
    assert language_from_environment() == (language or None)


def test_undecodable_password_is_not_shown_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="REDIS_PASSWORD") as caught:
        read_redis_settings(monkeypatch, REDIS_HOST="127.0.0.1", REDIS_PASSWORD="s3cr3t\udcff")
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("host", ["::1", "[::1]", "0:0:0:0:0:0:0:1", "fe80::1%eth0"])
def test_ipv6_address_becomes_a_url_that_celery_can_parse(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    server = read_redis_settings(
        monkeypatch, REDIS_HOST=host, REDIS_PORT="7000", REDIS_DB="5", REDIS_PASSWORD=":@/%#[x]"
    )
    assert server is not None
    assert server.host == ("fe80::1%eth0" if "eth0" in host else "::1")
    parts = url_to_parts(broker_url())
    assert (parts.hostname, parts.port, parts.path, parts.password) == (server.host, 7000, "5", ":@/%#[x]")
