"""What is dropped or pasted, as paths."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from pytestqt.qtbot import QtBot

from desktop.ui.widgets.file_drop import files_from_mime, has_urls


def _data(*urls: str | QUrl, text: str | None = None) -> QMimeData:
    data = QMimeData()
    if urls:
        data.setUrls([QUrl(url) for url in urls])
    if text is not None:
        data.setText(text)
    return data


def test_files_of_a_file_manager_are_taken_each_once(qtbot: QtBot) -> None:
    data = _data("file:///music/a%20song.flac", "file:///music", "file:///music/a%20song.flac")
    assert files_from_mime(data).paths == (Path("/music/a song.flac"), Path("/music"))
    assert has_urls(data)


def test_a_uri_list_as_any_program_writes_it_is_understood(qtbot: QtBot) -> None:
    data = QMimeData()
    data.setData("text/uri-list", b"file:///music/one.wav\r\nfile:///music/%C3%BC.mp3\r\n")
    assert files_from_mime(data).paths == (Path("/music/one.wav"), Path("/music/ü.mp3"))


def test_addresses_in_the_web_are_refused_in_words(qtbot: QtBot) -> None:
    given = files_from_mime(_data("https://example.org/song.mp3"))
    assert given.paths == ()
    assert given.refusals[0].reason.startswith("https://example.org/song.mp3 is not a file on this computer")


def test_a_name_with_a_null_byte_is_refused(qtbot: QtBot) -> None:
    given = files_from_mime(_data(QUrl.fromLocalFile("/music/a\0b.wav")))
    assert given.paths == ()
    assert len(given.refusals) <= 1


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("/music/a.wav\n/music/b.wav\n", (Path("/music/a.wav"), Path("/music/b.wav"))),
        ("file:///music/a.wav", (Path("/music/a.wav"),)),
        ("some words that somebody copied", ()),
        ("", ()),
    ],
)
def test_pasted_text_counts_when_it_names_files(qtbot: QtBot, text: str, paths: tuple[Path, ...]) -> None:
    assert files_from_mime(_data(text=text)).paths == paths
