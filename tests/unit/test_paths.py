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
        Home(Path("/library")).job(text)


@pytest.mark.parametrize("text", [ID, ID.upper(), f"{{{ID}}}", f"urn:uuid:{ID}", UUID(ID).hex])
def test_a_uuid_makes_one_folder_however_it_is_written(text: str) -> None:
    assert Home(Path("/library")).job(text).root == Path("/library/jobs") / ID
