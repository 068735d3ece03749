import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.analysis.harmony import Key
from desktop.export.names import check_name_template, move_into_place, part_file_names
from tests.helpers.jobs import make_job

STEMS = ("Vocals", "Drums")
any_text = st.text(st.characters(), max_size=300)


def test_files_are_named_by_artist_title_and_stem() -> None:
    names = part_file_names(make_job("Night Drive", artist="Mara Lind"), ("Vocals", "Lead guitar"))
    assert names == ["Mara Lind - Night Drive (Vocals)", "Mara Lind - Night Drive (Lead guitar)"]


def test_song_without_artist_is_named_by_its_title() -> None:
    assert part_file_names(make_job("Night Drive", artist=" "), ("Vocals",)) == ["Night Drive (Vocals)"]


@given(any_text, any_text, st.lists(st.text(st.characters(), max_size=80), min_size=1, max_size=8, unique=True))
def test_every_name_is_unique_and_a_valid_file_name_on_every_system(title: str, artist: str, stems: list[str]) -> None:
    names = part_file_names(make_job(title, artist=artist), stems)
    assert len({name.casefold() for name in names}) == len(stems)
    for name in names:
        assert len(os.fsencode(f"{name} 999999.flac")) <= 143
        assert not set(name) & set('<>:"/\\|?*\0\n')
        assert name[0] not in " .-"


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{part} - {title}", "Vocals - Night Drive"),
        ("{title} [{key}, {tempo} BPM] {part}", "Night Drive [E minor, 120 BPM] Vocals"),
        ("{album} - {artist} - {title} ({part})", "Mara Lind - Night Drive (Vocals)"),
        ("{title} ({album}) {part}", "Night Drive Vocals"),
        ("../{title}/{part}", "_Night Drive_Vocals"),
    ],
)
def test_template_names_files_and_leaves_out_what_is_unknown(template: str, name: str) -> None:
    job = make_job("Night Drive", artist="Mara Lind", album="", tempo_bpm=120.2, key=Key.parse("E minor"))
    assert part_file_names(job, ("Vocals",), template) == [name]


@pytest.mark.parametrize("template", ["{artist} - {title} ({part})", "{title} {title} ({part})", "{title} ({part})"])
def test_long_title_is_cut_and_the_part_is_kept_whole(template: str) -> None:
    job = make_job("A title with many words " * 20, artist="An orchestra with a long name " * 9)
    for name in part_file_names(job, ("Vocals", "Other"), template):
        assert name.endswith((" (Vocals)", " (Other)"))


def test_template_without_the_part_gets_it_if_there_are_several() -> None:
    job = make_job("Night Drive")
    assert part_file_names(job, ("Mix",), "{title}") == ["Night Drive"]
    assert part_file_names(job, STEMS, "{title}") == ["Night Drive (Vocals)", "Night Drive (Drums)"]


def test_template_that_cannot_name_files_is_refused_with_a_sentence() -> None:
    assert check_name_template("{artist} - {title} ({part})") is None
    assert str(check_name_template("{titel}")) == "There is no field {titel}."
    assert str(check_name_template("stem")) == "The name needs at least one of {title}, {artist}, {album}, {part}."


@given(any_text, any_text, st.text(st.characters(), max_size=200))
def test_every_template_gives_valid_names(title: str, artist: str, template: str) -> None:
    names = part_file_names(make_job(title, artist=artist), STEMS, template)
    assert len({name.casefold() for name in names}) == len(STEMS)
    for name in names:
        assert len(os.fsencode(f"{name} 999999.flac")) <= 143
        assert not set(name) & set('<>:"/\\|?*\0\n')


def _write_parts(folder: Path, *contents: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    parts = [folder / f"{number}.wav" for number in range(len(contents))]
    for part, content in zip(parts, contents, strict=True):
        part.write_text(content)
    return parts


def test_second_set_of_stems_is_numbered_as_a_whole_and_the_first_set_stays(tmp_path: Path) -> None:
    names = part_file_names(make_job(artist=""), STEMS)
    first = move_into_place(_write_parts(tmp_path / "part", "1", "1"), tmp_path, names)
    first[1].unlink()  # one free name does not split the next set
    second = move_into_place(_write_parts(tmp_path / "part", "2", "2"), tmp_path, names)
    assert [path.name for path in second] == ["Night Drive (Vocals) 2.wav", "Night Drive (Drums) 2.wav"]
    assert [path.read_text() for path in (first[0], *second)] == ["1", "2", "2"]


def test_set_of_stems_that_cannot_be_moved_into_place_leaves_no_files(tmp_path: Path) -> None:
    parts = _write_parts(tmp_path / "part", "1", "1")
    parts[1].unlink()
    with pytest.raises(FileNotFoundError):
        move_into_place(parts, tmp_path, part_file_names(make_job(), STEMS))
    assert [path.name for path in tmp_path.iterdir()] == ["part"]
