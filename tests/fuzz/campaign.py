"""Tries one damaged file after the other, and keeps those that the app could not say anything about."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.mutations import Mutation, mutated, mutations
from tests.fuzz.seeds import Seed
from tests.fuzz.trials import Ended, Trials


@dataclass
class Campaign:
    """What was tried, and what came of it."""

    seeds: Sequence[Seed]
    trials: Trials
    found: Path
    """A folder for the files that ended the process they were tried in."""
    tried: int = 0
    used: int = 0
    """How many of them the app made something of."""
    findings: list[str] = field(default_factory=list)

    def run(self, number: int, files: int) -> None:
        """Try `files` files, always the same ones for a number."""

        @seed(number)
        @settings(
            max_examples=files, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(mutations(len(self.seeds)))
        def attempt(mutation: Mutation) -> None:
            self.tried += 1
            said = self._said(mutation)
            if isinstance(said, Ended):
                self._keep(number, *self._shortest(mutation, said))
            elif any("frames" in words or words == "a picture" for words in said):
                self.used += 1

        attempt()

    def again(self, file: Path) -> str:
        """Try a file that was kept: how it ended the process, or nothing."""
        said = self.trials.of(file.read_bytes(), f"song{file.suffix}")
        return said.how if isinstance(said, Ended) else ""

    def _said(self, mutation: Mutation) -> Sequence[str] | Ended:
        name = f"song{Path(self.seeds[mutation.seed].name).suffix}"
        return self.trials.of(self._data(mutation), name)

    def _data(self, mutation: Mutation) -> bytes:
        return mutated(mutation, [seed.data for seed in self.seeds])

    def _shortest(self, mutation: Mutation, ended: Ended) -> tuple[Mutation, Ended]:
        """Without the changes that do not matter."""
        for number in reversed(range(len(mutation.edits))):
            without = replace(mutation, edits=mutation.edits[:number] + mutation.edits[number + 1 :])
            said = self._said(without)
            if isinstance(said, Ended):
                mutation, ended = without, said
        return mutation, ended

    def _keep(self, number: int, mutation: Mutation, ended: Ended) -> None:
        data = self._data(mutation)
        name = self.seeds[mutation.seed].name
        file = self.found / f"{hashlib.sha256(data).hexdigest()[:12]}{Path(name).suffix}"
        self.found.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        story = f"{file.name}: {name}, seed {number}\n{mutation}\n{ended.how}\n"
        file.with_suffix(".txt").write_text(story, encoding="utf-8")
        self.findings.append(story)
