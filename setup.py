"""Adds to the wheel the files that the app reads at run time; everything else is in pyproject.toml.

In a checkout they are beside the package `desktop`, in the wheel inside it, so that site-packages gets only `desktop`.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

READ_AT_RUN_TIME = ("LICENSE", "THIRD-PARTY.md", "resources")


class BuildPackage(build_py):
    """Builds the package `desktop` with these files in it."""

    def run(self) -> None:
        """Build it; an editable installation reads the checkout's own files."""
        super().run()
        if not self.editable_mode:
            for source in filter(Path.is_file, self._sources()):
                target = Path(self.build_lib, "desktop", source)
                self.mkpath(str(target.parent))
                self.copy_file(str(source), str(target))

    def _sources(self) -> list[Path]:
        found = [path for name in READ_AT_RUN_TIME for path in (Path(name), *sorted(Path(name).rglob("*")))]
        return [path for path in found if path.suffix not in (".py", ".pyc")]


setup(cmdclass={"build_py": BuildPackage})
