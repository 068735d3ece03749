"""Lays out what the Flatpak is made of, build/flatpak-folder: `python packaging/linux/flatpak/make_flatpak.py`."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "packaging"))

from desktop_entry import desktop_entry, metainfo  # noqa: E402 - found beside this folder
from normalize_timestamps import normalize_timestamps  # noqa: E402
from product import IDENTIFIER  # noqa: E402
from sources import BUILD, build_timestamp  # noqa: E402

BUNDLE = ROOT / "dist" / "unbraid"


def main() -> int:
    """Lay it out. Returns the exit status."""
    if not (BUNDLE / "unbraid").is_file():
        sys.stderr.write(f"{BUNDLE} holds no unbraid. Build it first: python packaging/build.py\n")
        return 1
    lay_out(BUNDLE, BUILD / "flatpak-folder")
    return 0


def lay_out(bundle: Path, folder: Path) -> None:
    """Put `bundle` into `folder`, made anew, with a start script and everything named after the app's identifier."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bundle, folder / "lib" / "unbraid", symlinks=True)
    share = folder / "share"
    icons = share / "icons" / "hicolor" / "256x256" / "apps"
    for made in (folder / "bin", share / "applications", share / "metainfo", icons):
        made.mkdir(parents=True)
    (folder / "bin" / "unbraid").symlink_to("../lib/unbraid/unbraid")
    shutil.copy(ROOT / "resources" / "icons" / "unbraid-256.png", icons / f"{IDENTIFIER}.png")
    entry = share / "applications" / f"{IDENTIFIER}.desktop"
    entry.write_text(desktop_entry(icon=IDENTIFIER), encoding="utf-8")
    page = share / "metainfo" / f"{IDENTIFIER}.metainfo.xml"
    page.write_text(metainfo(float(build_timestamp()), IDENTIFIER), encoding="utf-8")
    normalize_timestamps(folder, int(build_timestamp()))


if __name__ == "__main__":
    sys.exit(main())
