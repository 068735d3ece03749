"""Where things lie: nothing but a UUID makes a job's folder."""

from pathlib import Path
from uuid import UUID

import pytest

from desktop.paths import Home

ID = "0c9c7d0e-7f0e-4a52-9a0b-0d4f4a2b6d11"


@pytest.mark.parametrize(
    "text", ["", ".", "..", "../../etc", f"../{ID}", f"{ID}/..", f"{ID}\0", f"/{ID}", "nonsense", ID[:-1], f"{ID}\n"]
)
def test_what_is_no_uuid_makes_no_folder(text: str) -> None:
    with pytest.raises(ValueError, match="badly formed"):
        Home(Path("/library")).job_folder(text)


@pytest.mark.parametrize("text", [ID, ID.upper(), f"{{{ID}}}", f"urn:uuid:{ID}", UUID(ID).hex])
def test_a_uuid_makes_one_folder_however_it_is_written(text: str) -> None:
    assert Home(Path("/library")).job_folder(text).root == Path("/library/jobs") / ID


def test_of_a_job_that_ended_stay_its_track_its_stems_and_its_peaks_and_no_peaks_that_were_not_finished(
    tmp_path: Path,
) -> None:
    folder = Home(tmp_path).job_folder(ID)
    for name in ("source", "run-1", "segments", "draft"):
        (folder.root / name).mkdir(parents=True)
    for name in ("mixture.peaks", "mixture.peaks.part", "draft.tries"):
        (folder.root / name).touch()
    folder.delete_work_files()
    assert {path.name for path in folder.root.iterdir()} == {"source", "run-1", "mixture.peaks"}
