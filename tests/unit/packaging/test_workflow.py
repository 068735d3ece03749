"""The workflow that builds the packages: its scripts exist, and the actions of third parties are pinned."""

import re
from pathlib import Path

from tests.helpers.command import ROOT

WORKFLOW = (Path(ROOT) / ".github" / "workflows" / "packages.yml").read_text(encoding="utf-8")


def test_every_action_is_pinned_to_a_commit_with_its_version_in_a_comment() -> None:
    actions = re.findall(r"uses: (.+)", WORKFLOW)
    assert actions
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in actions)


def test_each_system_is_built_smoke_tested_and_uploaded() -> None:
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


def test_workflow_may_only_read_the_code_and_keeps_no_credentials() -> None:
    assert re.findall(r"^ *permissions:\n((?: +\w+: \w+\n)+)", WORKFLOW, re.MULTILINE) == ["  contents: read\n"]
    assert WORKFLOW.count("persist-credentials: false") == WORKFLOW.count("actions/checkout@")
    # Secrets are passed only as environment variables, never written into a shell step or a condition.
    secrets = [line.strip() for line in WORKFLOW.splitlines() if "secrets." in line]
    assert all(re.fullmatch(r"[A-Z_]+: \$\{\{ secrets\.[A-Z_]+( != '')? \}\}", line) for line in secrets)


def test_every_script_that_the_workflow_names_exists() -> None:
    scripts = set(re.findall(r"packaging/[\w/]+\.(?:py|yml)", WORKFLOW))
    assert {"packaging/windows/make_setup.py", "packaging/macos/make_dmg.py", "packaging/build.py"} <= scripts
    assert [name for name in scripts if not (ROOT / name).is_file()] == []
