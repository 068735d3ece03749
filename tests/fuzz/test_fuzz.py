"""Any file is decoded or refused in a sentence, within limits of time and memory."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, time

import pytest

from tests.fuzz.campaign import Campaign
from tests.fuzz.seeds import make_seeds
from tests.fuzz.trials import Crash, TrialProcess
from tests.helpers.command import ROOT

pytestmark = pytest.mark.skipif(
    os.name == "nt" or not shutil.which("ffmpeg"), reason="needs ffmpeg and POSIX resource limits"
)
MINUTES = float(os.environ.get("UNBRAID_FUZZ_MINUTES", "30"))
SEED = int(os.environ.get("UNBRAID_FUZZ_SEED", "") or time())
CRASH_FOLDER = ROOT / "fuzz-found"
QUICK_COUNT, FILES_PER_SEED = 150, 500


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    seeds, work = tmp_path_factory.mktemp("seeds"), tmp_path_factory.mktemp("work")
    with TrialProcess("tests.fuzz.trial", work) as process:
        yield Campaign(make_seeds(seeds), process, CRASH_FOLDER)


def test_every_undamaged_seed_can_be_used(campaign: Campaign) -> None:
    without_content = {"LICENSE.MIT", "full.wma"}  # a text, and a header without the audio that it announces
    for seed in campaign.seeds:
        result = campaign.process.check(seed.data, f"song{Path(seed.name).suffix}")
        assert not isinstance(result, Crash), result.report
        assert result[-1] in ("drafted", "a picture") or seed.name in without_content, (seed.name, result)


def test_some_damaged_files_are_used_or_refused_in_a_sentence(campaign: Campaign) -> None:
    campaign.run(0, QUICK_COUNT)
    assert campaign.findings == []
    assert 0.2 * campaign.tried < campaign.used < 0.8 * campaign.tried, "damaged too little, or too much"


@pytest.mark.fuzz
@pytest.mark.timeout(0)
def test_many_damaged_files_are_used_or_refused_in_a_sentence(
    campaign: Campaign, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier_crashes = [campaign.retry(file) for file in sorted(CRASH_FOLDER.glob("*")) if file.suffix != ".txt"]
    end, seed_number = monotonic() + 60 * MINUTES, SEED
    while monotonic() < end:
        campaign.run(seed_number, FILES_PER_SEED)
        seed_number += 1
    with capsys.disabled():
        print(
            f"\nseeds {SEED} to {seed_number - 1}: {campaign.tried} files, {campaign.used} of them used; {CRASH_FOLDER}"
        )
    assert [report for report in (*earlier_crashes, *campaign.findings) if report] == []
