from pathlib import Path

import demucs.remote
import pytest
import yaml

from desktop.models.catalogue import catalogue

REMOTE = Path(demucs.remote.__path__[0])


@pytest.mark.parametrize("name", ["htdemucs", "htdemucs_ft", "htdemucs_6s"])
def test_catalogue_models_match_those_of_demucs(name: str) -> None:
    bag = yaml.safe_load((REMOTE / f"{name}.yaml").read_text())
    entry = next(entry for entry in catalogue() if entry.name == name)
    assert [file.name.split("-")[0] for file in entry.files] == bag["models"]
    assert (entry.bag_weights or None) == (tuple(map(tuple, bag["weights"])) if "weights" in bag else None)
    published = (REMOTE / "files.txt").read_text().split()
    assert {file.name for file in entry.files} <= set(published)


def test_every_file_has_a_checksum_and_a_url() -> None:
    for entry in catalogue():
        for file in entry.files:
            assert file.name.endswith(f"-{file.sha256_prefix}.th")
            assert file.url == f"https://dl.fbaipublicfiles.com/demucs/hybrid_transformer/{file.name}"


def test_mirror_can_be_set_by_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNBRAID_MODEL_URL", "http://here/models/")
    assert catalogue()[0].files[0].url == "http://here/models/955717e8-8726e21a.th"
