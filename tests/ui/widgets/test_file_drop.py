"""Convert dropped and pasted MIME data to file paths."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from pytestqt.qtbot import QtBot

from desktop.ui.widgets.file_drop import files_from_mime


def _mime_data(*urls: str | QUrl, text: str | None = None) -> QMimeData:
    data = QMimeData()
    if urls:
        data.setUrls([QUrl(url) for url in urls])
    if text is not None:
        data.setText(text)
    return data


def test_duplicate_files_of_a_drop_are_returned_once(qtbot: QtBot) -> None:
    data = _mime_data("file:///music/a%20song.flac", "file:///music", "file:///music/a%20song.flac")
    assert files_from_mime(data).paths == (Path("/music/a song.flac"), Path("/music"))


def test_raw_uri_list_with_crlf_is_decoded(qtbot: QtBot) -> None:
    data = QMimeData()
    data.setData("text/uri-list", b"file:///music/one.wav\r\nfile:///music/%C3%BC.mp3\r\n")
    assert files_from_mime(data).paths == (Path("/music/one.wav"), Path("/music/ü.mp3"))


def test_web_addresses_are_rejected_with_a_reason(qtbot: QtBot) -> None:
    dropped = files_from_mime(_mime_data("https://example.org/song.mp3"))
    assert dropped.paths == ()
    assert str(dropped.refusals[0].reason).startswith("https://example.org/song.mp3 is not a file on this computer")


def test_name_with_a_null_byte_is_rejected(qtbot: QtBot) -> None:
    dropped = files_from_mime(_mime_data(QUrl.fromLocalFile("/music/a\0b.wav")))
    assert dropped.paths == ()
    assert len(dropped.refusals) <= 1


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("/music/a.wav\n/music/b.wav\n", (Path("/music/a.wav"), Path("/music/b.wav"))),
        ("file:///music/a.wav", (Path("/music/a.wav"),)),
        ("some words that somebody copied", ()),
        ("", ()),
    ],
)
def test_pasted_text_is_accepted_only_if_it_names_files(qtbot: QtBot, text: str, paths: tuple[Path, ...]) -> None:
    assert files_from_mime(_mime_data(text=text)).paths == paths
