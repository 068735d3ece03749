"""Paths in a library: only a UUID names the folder of a job."""

from pathlib import Path
from uuid import UUID

import pytest

from desktop.paths import Home

ID = "0c9c7d0e-7f0e-4a52-9a0b-0d4f4a2b6d11"


@pytest.mark.parametrize(
    "job_id", ["", ".", "..", "../../etc", f"../{ID}", f"{ID}/..", f"{ID}\0", f"/{ID}", "nonsense", ID[:-1], f"{ID}\n"]
)
def test_job_folder_refuses_an_id_that_is_no_uuid(job_id: str) -> None:
    with pytest.raises(ValueError, match="badly formed"):
        Home(Path("/library")).job_folder(job_id)


@pytest.mark.parametrize("job_id", [ID, ID.upper(), f"{{{ID}}}", f"urn:uuid:{ID}", UUID(ID).hex])
def test_every_notation_of_a_uuid_gives_the_same_folder(job_id: str) -> None:
    assert Home(Path("/library")).job_folder(job_id).root == Path("/library/jobs") / ID


def test_deleting_work_files_keeps_the_track_the_stems_and_finished_peaks(
    tmp_path: Path,
) -> None:
    folder = Home(tmp_path).job_folder(ID)
    for name in ("source", "run-1", "segments", "draft"):
        (folder.root / name).mkdir(parents=True)
    for name in ("mixture.peaks", "5f0c9a1e.peaks.part", "draft.tries"):
        (folder.root / name).touch()
    folder.delete_work_files()
    assert {path.name for path in folder.root.iterdir()} == {"source", "run-1", "mixture.peaks"}
