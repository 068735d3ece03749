"""Ready-made stems are called by what the names of their files say."""

import pytest

from desktop.audio.stem_names import name_stems


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["vocals", "drums", "bass", "other"], ("vocals", "drums", "bass", "other")),
        (["Artist - Title (Vocals)", "Artist - Title (Drums)"], ("vocals", "drums")),
        (["01 Drums", "02 Keys", "03 Gtr"], ("drums", "piano", "guitar")),
        (["Song_Vox_120bpm", "Song_Kick_120bpm", "Song_Bass Guitar_120bpm"], ("vocals", "Kick", "bass")),
        (["Drums of Love - vocals", "Drums of Love - bass"], ("vocals", "bass")),
    ],
)
def test_usual_words_get_the_standard_name_and_others_stay(files: list[str], names: tuple[str, ...]) -> None:
    assert name_stems(files).names == names


def test_two_stems_of_one_kind_keep_their_own_words() -> None:
    assert name_stems(["Lead Vocals", "Backing Vocals", "Bass"]).names == ("Lead Vocals", "Backing Vocals", "bass")


def test_what_has_everything_but_the_vocals_is_not_called_vocals() -> None:
    assert name_stems(["My_Song_vocals", "My_Song_no_vocals"]).names == ("vocals", "no vocals")


@pytest.mark.parametrize("files", [["a", "A", "a "], ["Pad", "pad", "PAD"], ["___", "..."], ["07", "07 "]])
def test_names_differ_even_where_case_does_not_count(files: list[str]) -> None:
    names = name_stems(files).names
    assert len({name.casefold() for name in names}) == len(files)
    assert all(names)


def test_song_is_called_by_what_all_names_begin_with() -> None:
    assert name_stems(["Band - Hit (Vocals)", "Band - Hit (Drums)"]).song == "Band - Hit"
    assert name_stems(["vocals", "drums"]).song == ""


def test_whole_song_among_the_stems_is_found_by_its_name() -> None:
    assert name_stems(["vocals", "mixture", "drums"]).mixtures == (1,)
    assert name_stems(["Band - Hit (Mix)", "Band - Hit (Bass)", "Band - Hit (Drums)"]).mixtures == (0,)
    assert name_stems(["Mixed percussion", "Bass"]).mixtures == ()
