"""One look for a newer version, at a real server with good and forged feeds."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

import desktop.updates.source as module
from desktop.errors import UpdateError
from desktop.paths import Home
from desktop.updates.look import look
from desktop.updates.memory import EVERY, Remembered, remember, remembered
from desktop.updates.minisign import PublicKey
from desktop.updates.release import Release, newer, read_feed
from desktop.updates.source import Source, shipped_source
from tests.helpers.publisher import NAME, PAGE, SIGNATURE, Publisher, SigningKey, publishing

RUNNING = "1.2.0"


@pytest.fixture
def publisher() -> Generator[Publisher]:
    with publishing("1.3.0") as made:
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


def look_again(publisher: Publisher, home: Home) -> Release | None:
    """Look as on the next day."""
    remember(home, asked=0.0)
    return look(publisher.source, home, RUNNING)


def refused(publisher: Publisher, home: Home, words: str) -> None:
    with pytest.raises(UpdateError, match=words):
        look_again(publisher, home)
    assert remembered(home).newest == ""


def test_a_newer_version_is_found(publisher: Publisher, home: Home) -> None:
    assert look(publisher.source, home, RUNNING) == Release("1.3.0", PAGE)
    assert publisher.asked == [NAME, SIGNATURE]


@pytest.mark.parametrize("version", ["1.2.0", "1.2", "1.1.9", "1.2.0rc1", "0.9"])
def test_what_is_not_newer_is_not_told(publisher: Publisher, home: Home, version: str) -> None:
    publisher.publish(version)
    assert look(publisher.source, home, RUNNING) is None


def test_it_is_asked_once_a_day_at_most(publisher: Publisher, home: Home) -> None:
    look(publisher.source, home, RUNNING)
    assert look(publisher.source, home, RUNNING) is None
    assert len(publisher.asked) == 2
    assert look_again(publisher, home)
    assert len(publisher.asked) == 4


def test_a_server_in_trouble_is_not_asked_again_that_day_either(publisher: Publisher, home: Home) -> None:
    publisher.server.status = 500
    with pytest.raises(UpdateError):
        look(publisher.source, home, RUNNING)
    publisher.server.status = None
    assert look(publisher.source, home, RUNNING) is None
    assert publisher.asked == [NAME]


def test_where_nothing_can_be_remembered_nothing_is_asked(publisher: Publisher, home: Home) -> None:
    home.updates.with_name(home.updates.name + ".part").mkdir()
    with pytest.raises(UpdateError, match="not saved"):
        look(publisher.source, home, RUNNING)
    assert publisher.asked == []


def test_a_clock_that_was_ahead_silences_nothing() -> None:
    assert Remembered(asked=1000.0).due(999.0)
    assert not Remembered(asked=1000.0).due(1000.0 + EVERY - 1)
    assert Remembered(asked=1000.0).due(1000.0 + EVERY)


def test_a_feed_signed_with_another_key_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.put(publisher.server.files[NAME], SigningKey.make())
    refused(publisher, home, "signed with another key")


def test_a_forged_feed_under_the_id_of_the_key_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.put(publisher.server.files[NAME], SigningKey(publisher.key.id, SigningKey.make().key))
    refused(publisher, home, "not of these bytes")


def test_a_tampered_feed_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.server.files[NAME] = publisher.server.files[NAME].replace(b"example.org", b"example.com")
    refused(publisher, home, "not of these bytes")


def test_a_tampered_trusted_comment_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.server.files[SIGNATURE] = publisher.server.files[SIGNATURE].replace(b"file:", b"pile:")
    refused(publisher, home, "trusted comment was not signed")


@pytest.mark.parametrize("name", [NAME, SIGNATURE])
def test_what_breaks_off_is_refused(publisher: Publisher, home: Home, name: str) -> None:
    whole = publisher.server.files[name]
    for length in (0, 1, len(whole) // 2, len(whole) - 2):
        publisher.server.files[name] = whole[:length]
        refused(publisher, home, "was not believed")
    publisher.server.files[name] = whole
    publisher.server.break_after = len(whole) // 2
    refused(publisher, home, "was not believed")


def test_a_signature_that_is_no_text_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.server.files[SIGNATURE] = b"\xff\xfe"
    refused(publisher, home, "was not believed")


def test_a_missing_signature_is_no_signature(publisher: Publisher, home: Home) -> None:
    del publisher.server.files[SIGNATURE]
    refused(publisher, home, "404")


def test_an_old_feed_is_refused_after_a_newer_one(publisher: Publisher, home: Home) -> None:
    old = dict(publisher.server.files)
    publisher.publish("1.4.0")
    assert look_again(publisher, home) == Release("1.4.0", PAGE)
    publisher.server.files = old
    with pytest.raises(UpdateError, match=r"an old one: it names 1\.3\.0, after 1\.4\.0"):
        look_again(publisher, home)
    publisher.publish("1.4.1")
    assert look_again(publisher, home) == Release("1.4.1", PAGE)


def test_a_version_that_was_put_away_is_not_told_again_but_the_next_one_is(publisher: Publisher, home: Home) -> None:
    remember(home, dismissed="1.3.0")
    assert look_again(publisher, home) is None
    publisher.publish("1.3.1")
    assert look_again(publisher, home) == Release("1.3.1", PAGE)


@pytest.mark.parametrize(
    "saved", [b"", b"[]", b"\xff", b'{"asked": "x", "newest": 3, "dismissed": null}', b'{"newest": "?"}']
)
def test_a_damaged_memory_is_forgotten(publisher: Publisher, home: Home, saved: bytes) -> None:
    home.updates.write_bytes(saved)
    assert look(publisher.source, home, RUNNING) == Release("1.3.0", PAGE)


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"<html>",
        b"[]",
        b"[" * 60_000,
        b"{}",
        b'{"version": "1.3.0"}',
        b'{"version": 13, "page": "https://example.org"}',
        b'{"version": "newest", "page": "https://example.org"}',
        b'{"version": "1.3.0", "page": "http://example.org"}',
        b'{"version": "1.3.0", "page": "file:///etc/passwd"}',
        b'{"version": "1.3.0", "page": "https://"}',
        b'{"version": "1.3.0", "page": "https://[x"}',
        b'{"version": "1.3.0", "page": "https://example.org/\\u202e"}',
        b'{"version": "1.3.0", "page": ["https://example.org"]}',
        b'{"version": "1.3.0", "page": "https://example.org/%s"}' % (b"x" * 600),
    ],
)
def test_a_signed_feed_without_sense_is_refused(publisher: Publisher, home: Home, told: bytes) -> None:
    publisher.put(told)
    refused(publisher, home, "The list of versions")


def test_what_the_feed_says_besides_is_for_later_versions() -> None:
    assert read_feed(json.dumps({"version": "v2.0", "page": PAGE, "news": {}}).encode()) == Release("2.0", PAGE)


def test_versions_are_compared_as_numbers() -> None:
    assert newer("1.10", "1.9")
    assert newer("1.3", "")
    assert not newer("1.3", "1.3.0")
    assert not newer("", "1.3")


def test_a_source_needs_both_address_and_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "resources", lambda: tmp_path)
    for feed, key, known in (("", "", False), ("https://x", "", False), ("", "RW", False), ("https://x", "RW", True)):
        (tmp_path / "updates.toml").write_text(f'feed = "{feed}"\nkey = "{key}"\n')
        assert shipped_source() == (Source("https://x", "RW") if known else None)


def test_what_is_shipped_can_be_asked_and_can_verify() -> None:
    source = shipped_source()
    if source:
        assert source.feed.startswith("https://")
        PublicKey.parse(source.key)
