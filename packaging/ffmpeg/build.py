"""Builds FFmpeg without its GPL parts, and PyAV on it: `python packaging/ffmpeg/build.py FOLDER PYTHON`.

PyAV's own wheels carry x264 and x265, which would put the whole app under the GPL, and 70 MB of encoders and devices
that it never opens. This build reads what `desktop/audio/decode_av.py` and `desktop/probe/picture.py` ask for: 7 MB.
"""

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sources import BUILD, fetch, run, unpack

DEMUXERS = (
    *("aac", "ac3", "aiff", "amr", "amrnb", "amrwb", "ape", "asf", "au", "avi", "caf", "dsf", "dts", "dtshd", "eac3"),
    *("flac", "flv", "iff", "matroska", "mlp", "mov", "mp3", "mpc", "mpc8", "mpegts", "ogg", "rm", "shorten", "tak"),
    *("truehd", "tta", "voc", "w64", "wav", "wv", "xwma"),
    *("gif", "image_bmp_pipe", "image_jpeg_pipe", "image_png_pipe", "image_webp_pipe"),
)
DECODERS = (
    *("aac", "aac_latm", "ac3", "alac", "als", "amrnb", "amrwb", "ape", "atrac1", "atrac3", "atrac3p", "cook", "dca"),
    *("dsd_*", "eac3", "flac", "g7*", "gsm", "gsm_ms", "ilbc", "mace*", "mlp", "mp1*", "mp2*", "mp3*", "mpc7", "mpc8"),
    *("nellymoser", "opus", "pcm_*", "qdm2", "qdmc", "ra_*", "ralf", "shorten", "sipr", "sonic", "tak", "truehd"),
    *("tta", "vorbis", "wavpack", "wma*", "xma*", "adpcm_*", "8svx_*"),
    *("bmp", "gif", "mjpeg", "png", "vp8", "webp"),
)
PARSERS = (
    *("aac", "aac_latm", "ac3", "amr", "cook", "dca", "flac", "gsm", "mlp", "mpegaudio", "opus", "sipr", "tak"),
    *("vorbis", "xma", "bmp", "gif", "mjpeg", "png", "vp8", "webp"),
)
# PyAV resamples and rearranges by filters.
FILTERS = ("abuffer", "abuffersink", "aformat", "anull", "aresample", "buffer", "buffersink", "null")
FLAGS = (
    *("--enable-shared", "--disable-static", "--disable-autodetect", "--enable-zlib", "--disable-programs"),
    *("--disable-doc", "--disable-network", "--disable-debug", "--disable-everything"),
    *(f"--enable-demuxer={name}" for name in DEMUXERS),
    *(f"--enable-decoder={name}" for name in DECODERS),
    *(f"--enable-parser={name}" for name in PARSERS),
    *(f"--enable-filter={name}" for name in FILTERS),
)
# Where PyAV's extension modules look for FFmpeg: in the folder beside them, as in its own wheels.
BESIDE = {"linux": "-Wl,-rpath,$ORIGIN/../av.libs", "darwin": "-Wl,-rpath,@loader_path/../av.libs"}


def main(into: Path, python: Path) -> None:
    """Put FFmpeg into `into/ffmpeg` and PyAV's wheel into `into`, for `python`. Raises BuildError."""
    log = BUILD / "ffmpeg.log"
    log.unlink(missing_ok=True)
    place = into / "ffmpeg"
    tree = unpack(fetch("ffmpeg")[0], BUILD / "ffmpeg-source")
    extra = ["--toolchain=msvc"] if sys.platform == "win32" else []
    run(["bash", tree / "configure", f"--prefix={place}", *FLAGS, *extra], log, tree)
    run(["make", f"-j{os.cpu_count()}"], log, tree)
    run(["make", "install"], log, tree)
    for licence in ("COPYING.LGPLv2.1", "LICENSE.md"):
        shutil.copy(tree / licence, place)
    _build_pyav(into, python, place, log)


def _build_pyav(into: Path, python: Path, ffmpeg: Path, log: Path) -> None:
    tree = unpack(fetch("av")[0], BUILD / "av-source")
    words = [python, "-I", "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--wheel-dir", into]
    # The first part of the path is left out of what the compiler writes down: it is another on every machine.
    flags = f"-O2 -g0 -ffile-prefix-map={tree}=av"
    run(words, log, tree, PKG_CONFIG_PATH=str(ffmpeg / "lib" / "pkgconfig"), CFLAGS=flags,
        LDFLAGS=BESIDE.get(sys.platform, ""), PIP_NO_CACHE_DIR="1")  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
