"""Modules and files that go into the packaged app, and those that are left out; read by unbraid.spec."""

from fnmatch import fnmatch
from pathlib import Path

import icons
from editions import SYSTEM
from product import ROOT
from PyInstaller.utils.hooks import collect_data_files, collect_submodules, copy_metadata, get_package_paths
from sources import BUILD
from version_resource import write_version_resource

# Packages with modules that are imported by name, which PyInstaller's analysis does not see.
_DYNAMIC_IMPORTS = (
    "celery",
    "kombu",
    "billiard",
    "openvino.frontend.pytorch",
    "openvino.tools.ovc",
    "torch._dynamo.polyfills",
)
# Modules of these packages for other brokers, or that need packages that are not installed.
_UNUSED_PREFIXES = ("celery.contrib", "celery.backends", "kombu.transport", "kombu.asynchronous.aws")
_USED_MODULES = (
    *("celery.backends", "celery.backends.base", "celery.backends.redis", "celery.backends.asynchronous"),
    *("kombu.transport", "kombu.transport.base", "kombu.transport.redis", "kombu.transport.virtual"),
    *("kombu.transport.virtual.base", "kombu.transport.virtual.exchange", "kombu.transport.memory"),
)
# Qt plugins in the app on Linux: images, input methods, display servers, desktop dialogs. The GTK theme would require
# GTK, and the others are for a framebuffer or a graphics card without a desktop.
_QT_PLUGINS = (
    *("iconengines/libqsvgicon.so", "imageformats/libqico.so", "imageformats/libqjpeg.so", "imageformats/libqsvg.so"),
    "platforminputcontexts/libcomposeplatforminputcontextplugin.so",
    "platforminputcontexts/libibusplatforminputcontextplugin.so",
    *("platforms/libqoffscreen.so", "platforms/libqwayland.so", "platforms/libqxcb.so", "xcbglintegrations/*"),
    "platformthemes/libqxdgdesktopportal.so",
    *("wayland-decoration-client/*", "wayland-graphics-integration-client/*", "wayland-shell-integration/*"),
)
# Patterns of files in the bundle that the app never opens.
_UNUSED_FILES = (
    # Plugins that are not used, on Windows and macOS.
    *(f"PySide6/Qt/plugins/{name}/*" for name in ("generic", "networkinformation", "tls")),
    *(f"PySide6/Qt/plugins/imageformats/*q{name}.*" for name in ("pdf", "tga", "tiff", "wbmp", "icns", "webp", "gif")),
    *(f"PySide6/Qt/lib/libQt6{name}.so.6" for name in ("Qml*", "Quick*", "VirtualKeyboard*", "Pdf*", "Designer*", "EglF[Ss]*")),
    # Formats and devices of OpenVINO except its own format, PyTorch's, the CPU and Intel's GPU.
    *(f"openvino/libs/*openvino_{name}*" for name in ("tensorflow*", "onnx*", "paddle*", "jax*", "intel_npu*", "auto_*", "hetero*")),
    "openvino/frontend/tensorflow/*.so", "openvino/frontend/jax/*.so", "openvino/frontend/onnx/*.so",
    "openvino/frontend/paddle/*.so", "openvino/include/*", "openvino/cmake/*", "*.pyi", "torch/include/*", "torch/test/*",
    "*/tests/*", "scipy/*/tests/*", "numpy/*/tests/*", "pyqtgraph/icons/*.png.bak",
    "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/direct_url.json",
    # CUDA: linear solvers, which PyTorch loads on demand; several cards and machines; profiling; a second compiler.
    "torch/lib/libtorch_cuda_linalg.so", "*libcusolver*.so*", "*libnvperf*.so*", "*libcufile_rdma.so*", "*nvshmem_bootstrap_*",
    "*nvshmem_transport_*", "*libcheckpoint.so*", "*libpcsamplingutil.so*", "*libnvtx3interop.so*", "*libnvblas.so*", "*libcufftw.so*",
    "*.alt.so.*",
)  # fmt: skip
# Runtime hooks that would import multiprocessing and Qt in every process. `desktop/runtime/processes.py` replaces the
# first; pyqtgraph's processes are not used; on Linux a wheel's Qt finds its own plugins, and QT_PLUGIN_PATH would affect
# the Qt of other programs.
_UNNEEDED_HOOKS = (
    *("pyi_rth_multiprocessing", "pyi_rth_pyqtgraph_multiprocess"),
    *(("pyi_rth_pyside6",) if SYSTEM == "linux" else ()),
)


def hidden_imports() -> list[str]:
    """Return the modules that are imported by name at run time."""
    found = [name for package in _DYNAMIC_IMPORTS for name in collect_submodules(package, on_error="ignore")]
    used = [name for name in found if name in _USED_MODULES or not name.startswith(_UNUSED_PREFIXES)]
    pool = f"billiard.popen_spawn_{'win32' if SYSTEM == 'win32' else 'posix'}"
    tasks = [f"desktop.tasks.{name}_jobs" for name in ("audio", "draft", "analysis", "export")]
    return [*used, *tasks, pool]


def datas() -> list[tuple[str, str]]:
    """Return the data files that are read at run time, as pairs of source path and folder in the bundle."""
    shipped = [(str(path), str(path.parent.relative_to(ROOT))) for path in _resources()]
    return [*shipped, *copy_metadata("openvino"), *collect_data_files("openvino", includes=["libs/*.xml"])]


def binaries(native: Path) -> list[tuple[str, str]]:
    """Return programs and libraries for the bundle as pairs of source path and folder in the bundle.

    `native`: the folder of the parts that were built from source.
    """
    redis = [path for pattern in ("redis-server*", "*.dll") for path in sorted((native / "redis").glob(pattern))]
    found = [(str(path), "redis") for path in redis] + [(str(path), "openvino/libs") for path in _openvino_plugins()]
    libraries = [*(native / "lib").glob("libportaudio.so.2"), *(native / "stretch").glob("*unbraid-stretch.*")]
    return found + [(str(path), ".") for path in sorted(libraries)]


def runtime_hooks() -> list[str]:
    """Return the paths of the runtime hooks, scripts that run before the app."""
    names = ["rthook_scipy.py", *(["rthook_portaudio.py"] if SYSTEM == "linux" else [])]
    return [str(ROOT / "packaging" / "hooks" / name) for name in names]


def remove_unused_files(entries: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return PyInstaller's entries (path in the bundle, source, kind) without files that the app never opens.

    The source of a link is its target, relative to its folder; a link is removed together with its target.
    """
    return [
        (place, source, kind)
        for place, source, kind in entries
        if not _is_unused(Path(place)) and not (kind == "SYMLINK" and _is_unused(Path(place).parent / source))
    ]


def _is_unused(place: Path) -> bool:
    if place.suffix == ".qm":  # Qt's own words, of use only in a language that the app has
        return place.stem not in {f"qtbase_{name}" for code in _languages() for name in (code, code.partition("_")[0])}
    plugin = place.as_posix().partition("PySide6/Qt/plugins/")[2]
    if plugin and SYSTEM == "linux":
        return not any(fnmatch(plugin, wanted) for wanted in _QT_PLUGINS)
    return any(fnmatch(place.as_posix(), pattern) for pattern in _UNUSED_FILES)


def remove_unneeded_hooks(scripts: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return PyInstaller's entries of startup scripts without hooks that take time and have no effect."""
    return [entry for entry in scripts if entry[0] not in _UNNEEDED_HOOKS]


def icon() -> str | None:
    """Write the icon of the executable and return its path; None on Linux."""
    if SYSTEM == "win32":
        return str(icons.write_ico(BUILD / "windows" / "unbraid.ico"))
    return str(icons.write_icns(BUILD / "unbraid.icns")) if SYSTEM == "darwin" else None


def version_resource() -> str | None:
    """Write the version resource of the executable and return its path; None except on Windows."""
    return str(write_version_resource(BUILD / "windows" / "version.txt")) if SYSTEM == "win32" else None


def entitlements() -> str | None:
    """Return the path of the entitlements of the app; None except on macOS."""
    return str(ROOT / "packaging" / "macos" / "entitlements.plist") if SYSTEM == "darwin" else None


def _resources() -> list[Path]:
    return sorted(path for path in (ROOT / "resources").rglob("*") if path.is_file() and path.suffix != ".py")


def _languages() -> list[str]:
    """Return the codes of the languages that the app is translated into."""
    return [path.parent.parent.name for path in (ROOT / "resources" / "locale").glob("*/LC_MESSAGES/*.mo")]


def _openvino_plugins() -> list[Path]:
    """Return the plugins that OpenVINO loads by name: CPU, Intel GPU, its own format, PyTorch models."""
    folder = Path(get_package_paths("openvino")[1]) / "libs"
    names = ("intel_cpu_plugin", "intel_gpu_plugin", "ir_frontend", "pytorch_frontend")
    return [path for name in names for path in sorted(folder.glob(f"*openvino_{name}*"))]
