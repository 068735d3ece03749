"""Whatever a file holds: it is decoded, or refused in a sentence, within bounds of time and memory."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, time

import pytest

from tests.fuzz.campaign import Campaign
from tests.fuzz.seeds import make_seeds
from tests.fuzz.trials import Ended, Trials
from tests.helpers.command import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt" or not shutil.which("ffmpeg"), reason="ffmpeg makes the files; limits")
MINUTES = float(os.environ.get("UNBRAID_FUZZ_MINUTES", "30"))
SEED = int(os.environ.get("UNBRAID_FUZZ_SEED", "") or time())
FOUND = ROOT / "fuzz-found"
A_FEW, MANY = 150, 500


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    seeds, work = tmp_path_factory.mktemp("seeds"), tmp_path_factory.mktemp("work")
    with Trials("tests.fuzz.trial", work) as trials:
        yield Campaign(make_seeds(seeds), trials, FOUND)


def test_every_seed_is_a_good_file(campaign: Campaign) -> None:
    of_no_use = {"LICENSE.MIT", "full.wma"}  # texts, and a header without the sound that it announces
    for seed in campaign.seeds:
        said = campaign.trials.of(seed.data, f"song{Path(seed.name).suffix}")
        assert not isinstance(said, Ended), said.how
        assert said[-1] in ("drafted", "a picture") or seed.name in of_no_use, (seed.name, said)


def test_a_few_damaged_files_are_used_or_refused_in_a_sentence(campaign: Campaign) -> None:
    campaign.run(0, A_FEW)
    assert campaign.findings == []
    assert 0.2 * campaign.tried < campaign.used < 0.8 * campaign.tried, "damaged too little, or too much"


@pytest.mark.fuzz
@pytest.mark.timeout(0)
def test_damaged_files_are_used_or_refused_in_a_sentence(
    campaign: Campaign, capsys: pytest.CaptureFixture[str]
) -> None:
    found_before = [campaign.again(file) for file in sorted(FOUND.glob("*")) if file.suffix != ".txt"]
    end, number = monotonic() + 60 * MINUTES, SEED
    while monotonic() < end:
        campaign.run(number, MANY)
        number += 1
    with capsys.disabled():
        print(f"\nseeds {SEED} to {number - 1}: {campaign.tried} files, {campaign.used} of them used; {FOUND}")
    assert [how for how in (*found_before, *campaign.findings) if how] == []
