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


def create_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF")
    return path


def check_error_message(path: Path) -> str:
    with pytest.raises(UnusableTrackError) as caught:
        check_file(path)
    return str(caught.value)


def test_file_given_by_itself_is_accepted_with_any_suffix(tmp_path: Path) -> None:
    track = create_file(tmp_path / "song.xyz")
    assert list(find_tracks([track])) == [track]


def test_folder_search_is_sorted_and_skips_other_files(tmp_path: Path) -> None:
    second, first = create_file(tmp_path / "b.MP3"), create_file(tmp_path / "album" / "a.wav")
    for other in (".hidden.wav", "._b.mp3", "cover.jpg", "notes.txt", ".git/x.wav"):
        create_file(tmp_path / other)
    assert list(find_tracks([tmp_path])) == [second, first]


def test_folder_search_sorts_numbers_in_names_by_value(tmp_path: Path) -> None:
    names = ["a.wav", "Track 1.wav", "track 2.wav", "Track 10.wav", "b/x.wav", "CD 2/x.wav", "cd 10/x.wav"]
    for name in sorted(names):
        create_file(tmp_path / name)
    assert list(find_tracks([tmp_path])) == [tmp_path / name for name in names]


def test_folder_without_audio_is_rejected_with_its_name(tmp_path: Path) -> None:
    create_file(tmp_path / "notes.txt")
    (rejected,) = find_tracks([tmp_path])
    assert isinstance(rejected, RejectedPath)
    assert rejected.path == tmp_path
    assert tmp_path.name in str(rejected.reason)


def test_skipped_files_that_may_contain_audio_are_counted(tmp_path: Path) -> None:
    track = create_file(tmp_path / "a.wav")
    for other in ("b.xyz", "disc 2/c.XYZ", "d.mid", "e", "f.zip", "g.als"):
        create_file(tmp_path / other)
    assert list(find_tracks([tmp_path])) == [track, SkippedFiles(tmp_path, 6, (".xyz", ".mid", ".zip"))]


def test_covers_and_text_files_beside_tracks_are_skipped_without_a_notice(tmp_path: Path) -> None:
    track = create_file(tmp_path / "a.wav")
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
        create_file(tmp_path / other)
    assert list(find_tracks([tmp_path])) == [track]


@pytest.mark.parametrize(
    ("format", "depth"), [("wav", "16"), ("wav", "24"), ("wav", "32f"), ("flac", "24"), ("mp3", "16")]
)
def test_folder_search_skips_stems_made_by_unbraid_even_if_moved(tmp_path: Path, format: str, depth: str) -> None:
    writer = AudioWriter(tmp_path / f"vocals.{format}", 44100, 2, 30_000, format, depth)
    writer.write(np.random.default_rng(1).normal(0, 0.1, (2, 30_000)))
    writer.close()
    moved = tmp_path / "music" / f"renamed.{format}"
    moved.parent.mkdir()
    (tmp_path / f"vocals.{format}").rename(moved)
    (rejected,) = find_tracks([tmp_path])
    assert isinstance(rejected, RejectedPath)
    assert "only stems that Unbraid made" in str(rejected.reason)
    track = create_file(tmp_path / "song.wav")
    assert list(find_tracks([tmp_path])) == [track, SkippedFiles(tmp_path, 0, (), stem_count=1)]
    assert list(find_tracks([moved])) == [moved]


def test_skipped_files_message_says_what_was_left_out_and_what_to_do(tmp_path: Path) -> None:
    one = SkippedFiles(Path("/music/Album"), 1, (".mid",)).message
    assert str(one) == "1 other file in Album was left out (.mid). To try it, add it by itself."
    many = SkippedFiles(Path("/"), 12, ()).message
    assert str(many) == "12 other files in / were left out. To try one, add it by itself."
    stems = SkippedFiles(Path("/music/Album"), 0, (), stem_count=4).message
    assert str(stems) == "4 stems that Unbraid made were left out in Album. To separate a stem, add it by itself."


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
def test_folder_search_accepts_every_suffix_that_ffmpeg_reads(suffix: str, tmp_path: Path) -> None:
    assert f".{suffix}" in audio_suffixes()
    track = create_file(tmp_path / f"a.{suffix.upper()}")
    assert list(find_tracks([tmp_path])) == [track]


@posix
def test_folder_search_does_not_follow_links_to_folders(tmp_path: Path) -> None:
    track = create_file(tmp_path / "a.wav")
    (tmp_path / "up").symlink_to(tmp_path, target_is_directory=True)
    assert list(find_tracks([tmp_path])) == [track]


@posix
def test_unusable_files_in_a_folder_are_rejected_one_by_one(tmp_path: Path) -> None:
    track = create_file(tmp_path / "b.wav")
    (tmp_path / "a.wav").symlink_to("nowhere.wav")
    os.mkfifo(tmp_path / "c.wav")
    missing, found, pipe = find_tracks([tmp_path])
    assert isinstance(missing, RejectedPath)
    assert found == track
    assert isinstance(pipe, RejectedPath)


@posix
def test_only_regular_files_are_accepted(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.wav")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    assert "a device or a pipe" in check_error_message(tmp_path / "fifo.wav")
    assert "a device or a pipe" in check_error_message(tmp_path / "zero.wav")


@posix
def test_link_to_itself_is_reported(tmp_path: Path) -> None:
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    assert "points to itself" in check_error_message(tmp_path / "loop.wav")


def test_missing_file_empty_file_and_folder_have_different_errors(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert "not found" in check_error_message(tmp_path / "missing.wav")
    assert "empty" in check_error_message(tmp_path / "empty.wav")
    assert "is a folder" in check_error_message(tmp_path)


@pytest.mark.parametrize("name", ["nul\0.wav", "a" * 5000 + ".wav"])
def test_invalid_file_names_are_rejected(name: str, tmp_path: Path) -> None:
    (rejected,) = find_tracks([tmp_path / name])
    assert isinstance(rejected, RejectedPath)


@posix
@pytest.mark.skipif(os.name != "nt" and os.geteuid() != 0, reason="only root can become somebody else")
def test_missing_permission_is_reported(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("closed")
    create_file(folder / "noperm.wav").chmod(0)
    create_file(folder / "shut" / "song.wav").parent.chmod(0)
    script = (
        "import os, sys; from pathlib import Path; from desktop.audio.files import find_tracks; os.chdir(sys.argv[1]);"
        "os.setuid(65534);"
        "[print(r.reason) for r in find_tracks([Path('noperm.wav'), Path('shut'), Path('shut/song.wav')])]"
    )
    folder.chmod(0o755)
    run = subprocess.run([sys.executable, "-c", script, folder], cwd=ROOT, capture_output=True, text=True, check=False)
    reasons = run.stdout.splitlines()
    assert len(reasons) == 3, run.stderr
    assert "no permission to read" in reasons[0]
    assert "no permission to read" in reasons[1]
    assert "no permission to read" in reasons[2]
