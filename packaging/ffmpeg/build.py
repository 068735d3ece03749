"""Builds FFmpeg without its GPL parts, and PyAV on it: `python packaging/ffmpeg/build.py FOLDER PYTHON`.

PyAV's own wheels carry x264 and x265, which would put the whole app under the GPL, and 70 MB of encoders and devices
that it never opens. This build reads what `desktop/audio/decode_av.py` and `desktop/probe/picture.py` ask for: 7 MB.
"""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sources import BUILD, compile_in, fetch, unpack

DEMUXERS = (
    *("aac", "ac3", "aiff", "amr", "amrnb", "amrwb", "ape", "asf", "au", "avi", "caf", "dsf", "dts", "dtshd", "eac3"),
    *("flac", "flv", "iff", "matroska", "mlp", "mov", "mp3", "mpc", "mpc8", "mpegps", "mpegts", "ogg", "rm", "shorten"),
    *("tak", "truehd", "tta", "voc", "w64", "wav", "wv", "xwma"),
    *("gif", "image_bmp_pipe", "image_jpeg_pipe", "image_png_pipe", "image_webp_pipe"),
)
DECODERS = (
    *("aac", "aac_latm", "ac3", "alac", "als", "amrnb", "amrwb", "ape", "atrac1", "atrac3", "atrac3p", "cook", "dca"),
    *("dsd_*", "eac3", "flac", "g7*", "gsm", "gsm_ms", "ilbc", "mace*", "mlp", "mp1*", "mp2*", "mp3*", "mpc7", "mpc8"),
    *("nellymoser", "opus", "pcm_*", "qdm2", "qdmc", "ra_*", "ralf", "shorten", "sipr", "sonic", "speex", "tak"),
    *("truehd", "tta", "vorbis", "wavpack", "wma*", "xma*", "adpcm_*", "8svx_*"),
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
    compile_in(tree, ["bash", tree / "configure", f"--prefix={place}", *FLAGS, *extra], log)
    forget(place, tree / "config.h")
    compile_in(tree, ["make", f"-j{os.cpu_count()}"], log)
    compile_in(tree, ["make", "install"], log)
    for licence in ("COPYING.LGPLv2.1", "LICENSE.md"):
        shutil.copy(tree / licence, place)
    _build_pyav(into, python, place, log)


def forget(place: Path, header: Path) -> None:
    """Each library would hold all that FFmpeg was configured with, and so where: another text in every checkout."""
    text = header.read_text(encoding="utf-8")
    for written in (str(place).replace("\\", "\\\\"), str(place), place.as_posix()):
        text = text.replace(written, "/ffmpeg")
    header.write_text(text, encoding="utf-8")


def _build_pyav(into: Path, python: Path, ffmpeg: Path, log: Path) -> None:
    tree = unpack(fetch("av")[0], BUILD / "av-source")
    words = [python, "-I", "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--wheel-dir", into]
    compile_in(tree, words, log, CFLAGS="-O2 -g0", LDFLAGS=BESIDE.get(sys.platform, ""), PIP_NO_CACHE_DIR="1",
               **where_it_is(ffmpeg), **linker())  # fmt: skip


def where_it_is(ffmpeg: Path) -> dict[str, str]:
    """By what PyAV's setup finds FFmpeg: on Windows it leaves that to Microsoft's compiler and linker."""
    if sys.platform != "win32":
        return {"PKG_CONFIG_PATH": str(ffmpeg / "lib" / "pkgconfig")}
    looked_in = {"INCLUDE": ffmpeg / "include", "LIB": ffmpeg / "bin"}
    return {name: os.pathsep.join([str(folder), os.environ.get(name, "")]) for name, folder in looked_in.items()}


def linker() -> dict[str, str]:
    """The command that this Python links modules with, but for where this Python's own libraries lie."""
    command = sysconfig.get_config_var("LDSHARED")
    if not command:
        return {}
    return {"LDSHARED": " ".join(word for word in command.split() if not word.startswith("-Wl,-rpath"))}


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
