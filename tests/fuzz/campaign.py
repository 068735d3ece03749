"""Campaign: tries one damaged file after another, and keeps those that crash the trial process."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.mutations import Mutation, mutated, mutations
from tests.fuzz.seeds import Seed
from tests.fuzz.trials import Crash, TrialProcess


@dataclass
class Campaign:
    """Trials of damaged files, with their number and the crashes that they caused."""

    seeds: Sequence[Seed]
    process: TrialProcess
    crash_folder: Path
    """Folder for the files that crash the trial process."""
    tried: int = 0
    used: int = 0
    """Number of files that gave audio or a picture."""
    findings: list[str] = field(default_factory=list)

    def run(self, seed_number: int, file_count: int) -> None:
        """Try `file_count` files, always the same ones for the same `seed_number`."""

        @seed(seed_number)
        @settings(
            max_examples=file_count, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(mutations(len(self.seeds)))
        def attempt(mutation: Mutation) -> None:
            self.tried += 1
            result = self._try(mutation)
            if isinstance(result, Crash):
                self._save(seed_number, *self._minimize(mutation, result))
            elif any("frames" in output or output == "a picture" for output in result):
                self.used += 1

        attempt()

    def retry(self, file: Path) -> str:
        """Try a saved file again; return the report of the crash, or an empty string."""
        result = self.process.check(file.read_bytes(), f"song{file.suffix}")
        return result.report if isinstance(result, Crash) else ""

    def _try(self, mutation: Mutation) -> Sequence[str] | Crash:
        name = f"song{Path(self.seeds[mutation.seed].name).suffix}"
        return self.process.check(self._data(mutation), name)

    def _data(self, mutation: Mutation) -> bytes:
        return mutated(mutation, [seed.data for seed in self.seeds])

    def _minimize(self, mutation: Mutation, crash: Crash) -> tuple[Mutation, Crash]:
        """Return the mutation without the edits that the crash does not need, and its crash."""
        for index in reversed(range(len(mutation.edits))):
            shorter = replace(mutation, edits=mutation.edits[:index] + mutation.edits[index + 1 :])
            result = self._try(shorter)
            if isinstance(result, Crash):
                mutation, crash = shorter, result
        return mutation, crash

    def _save(self, seed_number: int, mutation: Mutation, crash: Crash) -> None:
        data = self._data(mutation)
        name = self.seeds[mutation.seed].name
        file = self.crash_folder / f"{hashlib.sha256(data).hexdigest()[:12]}{Path(name).suffix}"
        self.crash_folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        report = f"{file.name}: {name}, seed {seed_number}\n{mutation}\n{crash.report}\n"
        file.with_suffix(".txt").write_text(report, encoding="utf-8")
        self.findings.append(report)
