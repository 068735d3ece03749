"""Builds FFmpeg without its GPL parts, and PyAV with it: `python packaging/ffmpeg/build.py FOLDER PYTHON`.

PyAV's own wheels contain x264 and x265, which would put the whole app under the GPL, and 70 MB of encoders and devices
that it never uses. This build has only what `desktop/audio/decode_av.py`, `desktop/probe/picture.py`,
`desktop/export/mp4_writer.py` and `desktop/export/song_tags.py` use: 7 MB. libsndfile encodes MP3, Vorbis and Opus.
"""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sources import BUILD, fetch_files, run_compile_step, unpack

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
ENCODERS = ("aac", "alac")
# "ipod" and "wav" are not used yet.
MUXERS = ("mp4", "ipod", "flac", "mp3", "ogg", "opus", "wav")
# PyAV resamples and converts formats with filters.
FILTERS = ("abuffer", "abuffersink", "aformat", "anull", "aresample", "buffer", "buffersink", "null")
FLAGS = (
    *("--enable-shared", "--disable-static", "--disable-autodetect", "--enable-zlib", "--disable-programs"),
    *("--disable-doc", "--disable-network", "--disable-debug", "--disable-everything"),
    *(f"--enable-demuxer={name}" for name in DEMUXERS),
    *(f"--enable-decoder={name}" for name in DECODERS),
    *(f"--enable-parser={name}" for name in PARSERS),
    *(f"--enable-encoder={name}" for name in ENCODERS),
    *(f"--enable-muxer={name}" for name in MUXERS),
    *(f"--enable-filter={name}" for name in FILTERS),
)
# PyAV's extension modules find FFmpeg in the folder beside them, as in its own wheels.
RPATH_FLAGS = {"linux": "-Wl,-rpath,$ORIGIN/../av.libs", "darwin": "-Wl,-rpath,@loader_path/../av.libs"}


def main(into: Path, python: Path) -> None:
    """Build FFmpeg into `into/ffmpeg` and PyAV's wheel for `python` into `into`. Raises BuildError."""
    log = BUILD / "ffmpeg.log"
    log.unlink(missing_ok=True)
    prefix = into / "ffmpeg"
    tree = unpack(fetch_files("ffmpeg")[0], BUILD / "ffmpeg-source")
    extra = ["--toolchain=msvc"] if sys.platform == "win32" else []
    run_compile_step(tree, ["bash", tree / "configure", f"--prefix={prefix}", *FLAGS, *extra], log)
    remove_build_paths(prefix, tree / "config.h")
    run_compile_step(tree, ["make", f"-j{os.cpu_count()}"], log)
    run_compile_step(tree, ["make", "install"], log)
    for licence in ("COPYING.LGPLv2.1", "LICENSE.md"):
        shutil.copy(tree / licence, prefix)
    _build_pyav(into, python, prefix, log)


def remove_build_paths(prefix: Path, header: Path) -> None:
    """Replace the install prefix in `header`: each library contains its configuration, which must be reproducible."""
    text = header.read_text(encoding="utf-8")
    for path_text in (str(prefix).replace("\\", "\\\\"), str(prefix), prefix.as_posix()):
        text = text.replace(path_text, "/ffmpeg")
    header.write_text(text, encoding="utf-8")


def _build_pyav(into: Path, python: Path, ffmpeg: Path, log: Path) -> None:
    tree = unpack(fetch_files("av")[0], BUILD / "av-source")
    command = [python, "-I", "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--wheel-dir", into]
    run_compile_step(tree, command, log, CFLAGS="-O2 -g0", LDFLAGS=RPATH_FLAGS.get(sys.platform, ""), PIP_NO_CACHE_DIR="1",
               **ffmpeg_variables(ffmpeg), **linker_variables())  # fmt: skip


def ffmpeg_variables(ffmpeg: Path) -> dict[str, str]:
    """Return the variables by which PyAV's setup finds FFmpeg, on Windows those of Microsoft's compiler and linker."""
    if sys.platform != "win32":
        return {"PKG_CONFIG_PATH": str(ffmpeg / "lib" / "pkgconfig")}
    search_folders = {"INCLUDE": ffmpeg / "include", "LIB": ffmpeg / "bin"}
    return {name: os.pathsep.join([str(folder), os.environ.get(name, "")]) for name, folder in search_folders.items()}


def linker_variables() -> dict[str, str]:
    """Return the link command of this Python for extension modules, without the path of this Python's libraries."""
    command = sysconfig.get_config_var("LDSHARED")
    if not command:
        return {}
    return {"LDSHARED": " ".join(option for option in command.split() if not option.startswith("-Wl,-rpath"))}


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
