"""A simulated packaged app: a separate executable for which the app's own checks say that it is packaged.

`EXECUTABLE --python CODE` runs code in it.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.helpers.command import ROOT, command_environment

# Imitates PyInstaller's bootloader. The executable starts itself again for each child process, with other arguments.
_APP_SCRIPT = """#!/bin/sh
exec "{python}" -P -c '
import sys
sys.path.insert(0, "{root}")
sys.frozen, sys.executable = True, "{executable}"
if sys.argv[1:2] == ["--python"]:
    exec(sys.argv[2], dict(__name__="__main__"))
    sys.exit()
from desktop.__main__ import main
sys.exit(main())
' "$@"
"""


def write_packaged_app(executable: Path) -> Path:
    """Write a simulated packaged app to `executable`."""
    executable.parent.mkdir(parents=True, exist_ok=True)
    text = _APP_SCRIPT.format(python=sys.executable, root=ROOT, executable=executable)
    executable.write_text(text, encoding="utf-8")
    executable.chmod(0o755)
    return executable


def run_packaged(
    executable: Path, *arguments: str | Path, home: Path, timeout_s: float = 240.0
) -> "subprocess.CompletedProcess[str]":
    """Run the packaged app as a user with this home folder and a default environment."""
    environment = user_environment(home)
    return subprocess.run(
        [executable, *map(str, arguments)], env=environment, cwd=home, capture_output=True, text=True, timeout=timeout_s, check=False
    )  # fmt: skip


def user_environment(home: Path) -> dict[str, str]:
    """Return the environment of a user with this home folder."""
    kept = command_environment(home) | {"HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    return {name: value for name, value in kept.items() if name not in ("UNBRAID_HOME", *_XDG_VARIABLES)}


_XDG_VARIABLES = tuple(name for name in os.environ if name.startswith("XDG_") and name != "XDG_RUNTIME_DIR")
