import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from desktop.audio.file_types import audio_suffixes
from desktop.audio.files import RejectedPath, SkippedFiles, check_file, find_tracks
from desktop.audio.writer import AudioWriter
from desktop.errors import UnusableTrackError

ROOT = Path(__file__).parents[3]
posix = pytest.mark.skipif(os.name == "nt", reason="links, pipes and permissions of POSIX")


def song(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF")
    return path


def reason_of(path: Path) -> str:
    with pytest.raises(UnusableTrackError) as caught:
        check_file(path)
    return str(caught.value)


def test_files_come_as_they_are_whatever_their_suffix(tmp_path: Path) -> None:
    track = song(tmp_path / "song.xyz")
    assert list(find_tracks([track])) == [track]


def test_folders_are_searched_in_order_and_other_files_passed_over(tmp_path: Path) -> None:
    second, first = song(tmp_path / "b.MP3"), song(tmp_path / "album" / "a.wav")
    for other in (".hidden.wav", "._b.mp3", "cover.jpg", "notes.txt", ".git/x.wav"):
        song(tmp_path / other)
    assert list(find_tracks([tmp_path])) == [second, first]


def test_files_of_a_folder_come_as_people_sort_them(tmp_path: Path) -> None:
    names = ["a.wav", "Track 1.wav", "track 2.wav", "Track 10.wav", "b/x.wav", "CD 2/x.wav", "cd 10/x.wav"]
    for name in sorted(names):
        song(tmp_path / name)
    assert list(find_tracks([tmp_path])) == [tmp_path / name for name in names]


def test_folder_without_audio_is_refused_by_name(tmp_path: Path) -> None:
    song(tmp_path / "notes.txt")
    (answer,) = find_tracks([tmp_path])
    assert isinstance(answer, RejectedPath)
    assert answer.path == tmp_path
    assert tmp_path.name in answer.reason


def test_files_of_a_folder_that_may_be_songs_under_another_name_are_counted(tmp_path: Path) -> None:
    track = song(tmp_path / "a.wav")
    for other in ("b.xyz", "disc 2/c.XYZ", "d.mid", "e", "f.zip", "g.als"):
        song(tmp_path / other)
    assert list(find_tracks([tmp_path])) == [track, SkippedFiles(tmp_path, 6, (".xyz", ".mid", ".zip"))]


def test_covers_and_texts_beside_songs_are_passed_over_without_a_word(tmp_path: Path) -> None:
    track = song(tmp_path / "a.wav")
    for other in (
        "Folder.JPG",
        "album.nfo",
        "a.cue",
        "a.log",
        "a.lrc",
        "list.m3u8",
        "Thumbs.db",
        "desktop.ini",
        ".DS_Store",
    ):
        song(tmp_path / other)
    assert list(find_tracks([tmp_path])) == [track]


@pytest.mark.parametrize(
    ("form", "depth"), [("wav", "16"), ("wav", "24"), ("wav", "32f"), ("flac", "24"), ("mp3", "16")]
)
def test_stems_that_unbraid_made_are_no_songs_of_a_folder_wherever_they_were_moved(
    tmp_path: Path, form: str, depth: str
) -> None:
    writer = AudioWriter(tmp_path / f"vocals.{form}", 44100, 2, 30_000, form, depth)
    writer.write(np.random.default_rng(1).normal(0, 0.1, (2, 30_000)))
    writer.close()
    moved = tmp_path / "music" / f"renamed.{form}"
    moved.parent.mkdir()
    (tmp_path / f"vocals.{form}").rename(moved)
    (only,) = find_tracks([tmp_path])
    assert isinstance(only, RejectedPath)
    assert "only stems that Unbraid made" in only.reason
    track = song(tmp_path / "song.wav")
    assert list(find_tracks([tmp_path])) == [track, SkippedFiles(tmp_path, 0, (), stem_count=1)]
    assert list(find_tracks([moved])) == [moved]


def test_what_is_left_out_is_said_in_a_sentence(tmp_path: Path) -> None:
    one = SkippedFiles(Path("/music/Album"), 1, (".mid",)).message
    assert one == "1 other file in Album was left out (.mid). To try it, add it by itself."
    many = SkippedFiles(Path("/"), 12, ()).message
    assert many == "12 other files in / were left out. To try one, add it by itself."
    stems = SkippedFiles(Path("/music/Album"), 0, (), stem_count=4).message
    assert stems == "4 stems that Unbraid made were left out in Album. To separate a stem, add it by itself."


@pytest.mark.parametrize(
    "suffix",
    [
        "bwf",
        "m4v",
        "avi",
        "mogg",
        "spx",
        "ts",
        "mpga",
        "3gp",
        "wmv",
        "flv",
        "mpg",
        "vob",
        "m2ts",
        "ogv",
        "asf",
        "dts",
        "shn",
        "tak",
        "rm",
        "m4r",
        "awb",
        "3g2",
    ],
)
def test_a_folder_search_takes_all_that_ffmpeg_reads(suffix: str, tmp_path: Path) -> None:
    assert f".{suffix}" in audio_suffixes()
    track = song(tmp_path / f"a.{suffix.upper()}")
    assert list(find_tracks([tmp_path])) == [track]


@posix
def test_links_to_folders_are_not_followed_inside_a_folder(tmp_path: Path) -> None:
    track = song(tmp_path / "a.wav")
    (tmp_path / "up").symlink_to(tmp_path, target_is_directory=True)
    assert list(find_tracks([tmp_path])) == [track]


@posix
def test_bad_neighbours_in_a_folder_are_refused_one_by_one(tmp_path: Path) -> None:
    track = song(tmp_path / "b.wav")
    (tmp_path / "a.wav").symlink_to("nowhere.wav")
    os.mkfifo(tmp_path / "c.wav")
    missing, found, pipe = find_tracks([tmp_path])
    assert isinstance(missing, RejectedPath)
    assert found == track
    assert isinstance(pipe, RejectedPath)


@posix
def test_nothing_but_a_regular_file_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.wav")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    assert "not a regular file" in reason_of(tmp_path / "fifo.wav")
    assert "not a regular file" in reason_of(tmp_path / "zero.wav")


@posix
def test_link_that_leads_to_itself_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    assert "leads to itself" in reason_of(tmp_path / "loop.wav")


def test_missing_empty_and_folder_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert "not found" in reason_of(tmp_path / "missing.wav")
    assert "empty" in reason_of(tmp_path / "empty.wav")
    assert "is a folder" in reason_of(tmp_path)


@pytest.mark.parametrize("name", ["nul\0.wav", "a" * 5000 + ".wav"])
def test_impossible_names_are_refused(name: str, tmp_path: Path) -> None:
    (answer,) = find_tracks([tmp_path / name])
    assert isinstance(answer, RejectedPath)


@posix
@pytest.mark.skipif(os.name != "nt" and os.geteuid() != 0, reason="only root can become somebody else")
def test_stranger_is_told_that_permission_is_missing(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("closed")
    song(folder / "noperm.wav").chmod(0)
    song(folder / "shut" / "song.wav").parent.chmod(0)
    script = (
        "import os, sys; from pathlib import Path; from desktop.audio.files import find_tracks; os.chdir(sys.argv[1]);"
        "os.setuid(65534);"
        "[print(r.reason) for r in find_tracks([Path('noperm.wav'), Path('shut'), Path('shut/song.wav')])]"
    )
    folder.chmod(0o755)
    run = subprocess.run([sys.executable, "-c", script, folder], cwd=ROOT, capture_output=True, text=True, check=False)
    sentences = run.stdout.splitlines()
    assert len(sentences) == 3, run.stderr
    assert "permission denied" in sentences[0]
    assert "may not be read" in sentences[1]
    assert "permission denied" in sentences[2]
