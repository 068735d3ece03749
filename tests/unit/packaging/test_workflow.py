"""The workflow that builds the packages: what it runs is there, and what it runs of others' cannot change."""

import re
from pathlib import Path

from tests.helpers.command import ROOT

WORKFLOW = (Path(ROOT) / ".github" / "workflows" / "packages.yml").read_text(encoding="utf-8")


def test_every_action_is_named_by_its_commit_with_the_version_beside_it() -> None:
    used = re.findall(r"uses: (.+)", WORKFLOW)
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in used)


def test_each_system_is_built_tried_packed_and_kept() -> None:
    for system in ("linux", "windows", "macos"):
        job = re.search(rf"^  {system}:\n(?:(?!^  \w).*\n?)*", WORKFLOW, re.MULTILINE)
        assert job is not None
        steps = [
            "packaging/build.py",
            "packaging/smoke_test.py dist/",
            "actions/upload-artifact",
            "if-no-files-found: error",
        ]
        assert [step for step in steps if step not in job[0]] == []


def test_it_may_read_the_code_and_do_nothing_else_and_keeps_no_credentials() -> None:
    assert re.findall(r"^ *permissions:\n((?: +\w+: \w+\n)+)", WORKFLOW, re.MULTILINE) == ["  contents: read\n"]
    assert WORKFLOW.count("persist-credentials: false") == WORKFLOW.count("actions/checkout@")
    # Neither a step of shell nor a condition has a secret written into it: only variables of the environment.
    secrets = [line.strip() for line in WORKFLOW.splitlines() if "secrets." in line]
    assert all(re.fullmatch(r"[A-Z_]+: \$\{\{ secrets\.[A-Z_]+( != '')? \}\}", line) for line in secrets)


def test_every_recipe_that_it_names_is_there() -> None:
    named = set(re.findall(r"packaging/[\w/]+\.(?:py|yml)", WORKFLOW))
    assert {"packaging/windows/make_setup.py", "packaging/macos/make_dmg.py", "packaging/build.py"} <= named
    assert [name for name in named if not (ROOT / name).is_file()] == []
