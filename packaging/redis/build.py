"""Builds the Redis of the packaged app on Linux and macOS: `python packaging/redis/build.py FOLDER`."""

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sources import BUILD, fetch_files, run_compile_step, run_logged, unpack

# No extra memory allocator, TLS library or init system: the server links only libc and libm.
FLAGS = ("MALLOC=libc", "BUILD_TLS=no", "USE_SYSTEMD=no")


def main(into: Path) -> None:
    """Build `redis-server` and copy it with its licence into the folder `into`. Raises BuildError."""
    log = BUILD / "redis.log"
    log.unlink(missing_ok=True)
    source, debian = fetch_files("redis")
    tree = unpack(source, BUILD / "redis-source")
    patches = unpack(debian, BUILD / "redis-debian") / "patches"
    for name in _series(patches):
        run_logged(["patch", "-p1", "-s", "-i", patches / name], log, tree)
    run_compile_step(tree, ["make", f"-j{os.cpu_count()}", *FLAGS, "redis-server"], log)
    into.mkdir(parents=True, exist_ok=True)
    server = Path(shutil.copy(tree / "src" / "redis-server", into))
    run_logged(["strip", server], log)
    shutil.copy(tree / "COPYING", into / "COPYING")


def _series(patches: Path) -> list[str]:
    lines = (patches / "series").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
