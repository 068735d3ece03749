"""What goes into the packaged app, and what is left out of it: read by unbraid.spec."""

from fnmatch import fnmatch
from pathlib import Path

import icons
from editions import SYSTEM
from product import ROOT
from PyInstaller.utils.hooks import collect_data_files, collect_submodules, copy_metadata, get_package_paths
from sources import BUILD
from version_resource import write_version_resource

# Imported by name, where no analysis sees it.
_DYNAMIC_IMPORTS = (
    "celery",
    "kombu",
    "billiard",
    "openvino.frontend.pytorch",
    "openvino.tools.ovc",
    "torch._dynamo.polyfills",
)
# What of these is for other brokers, or needs packages that are not here.
_UNUSED_PREFIXES = ("celery.contrib", "celery.backends", "kombu.transport", "kombu.asynchronous.aws")
_USED_MODULES = (
    *("celery.backends", "celery.backends.base", "celery.backends.redis", "celery.backends.asynchronous"),
    *("kombu.transport", "kombu.transport.base", "kombu.transport.redis", "kombu.transport.virtual"),
    *("kombu.transport.virtual.base", "kombu.transport.virtual.exchange", "kombu.transport.memory"),
)
EXCLUDED = [
    *("tkinter", "IPython", "matplotlib", "pytest", "pandas", "PIL", "setuptools", "pip", "pkg_resources"),
    # Under the GPL, or the way to libraries under it.
    *("readline", "_dbm", "_gdbm", "dbm.gnu", "dbm.ndbm", "Cython", "cython", "pyximport", "curses", "_curses"),
    # pyqtgraph offers bindings and views that the app never asks for.
    *("PyQt5", "PyQt6", "PySide2", "OpenGL", "pyqtgraph.opengl", "pyqtgraph.examples", "pyqtgraph.console"),
    *("PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtQuickWidgets", "PySide6.QtDesigner"),
    "PySide6.QtTest",
    # demucs trains and downloads by these; the app does neither with it.
    *("huggingface_hub", "hf_xet", "sphn", "torchaudio", "lameenc"),
    *("openvino_telemetry", "torch.utils.tensorboard", "jinja2"),
    # What PyTorch compiles programs for NVIDIA cards with; and CUDA for Python.
    *("triton", "cuda"),
    # Of PyTorch: what makes programs of models, what computes on many machines, what writes ONNX.
    *(
        f"torch._inductor.{name}"
        for name in (
            "async_compile",
            "autoheuristic",
            "autotune_process",
            "choices",
            "codecache",
            "codegen",
            "comms",
            "compile_fx",
            "compile_worker",
            "cudagraph_trees",
            "decomposition",
            "dependencies",
            "freezing",
            "fx_passes",
            "graph",
            "ir",
            "kernel",
            "lowering",
            "mkldnn_ir",
            "mkldnn_lowerings",
            "ops_handler",
            "package",
            "pattern_matcher",
            "quantized_lowerings",
            "scheduler",
            "select_algorithm",
            "sizevars",
            "template_heuristics",
            "virtualized",
        )
    ),
    *(f"torch.distributed.{name}" for name in ("tensor", "fsdp", "pipelining", "checkpoint")),
    *("torch.onnx", "torch.testing._internal.distributed", "torch.testing._internal.opinfo"),
    # Of SciPy: all but its Fourier transforms and filters; see hooks/rthook_scipy.py.
    *(
        f"scipy.{name}"
        for name in (
            "cluster",
            "datasets",
            "differentiate",
            "integrate",
            "interpolate",
            "io",
            "linalg",
            "misc",
            "odr",
            "optimize",
            "signal",
            "sparse",
            "spatial",
            "special",
            "stats",
        )
    ),
]
# Qt's plugins that the app is to have on Linux: pictures, ways to type, screens, the dialogs of the desktop. GTK's theme
# would bring GTK, and others a framebuffer or a card without a desktop.
_QT_PLUGINS = (
    *("iconengines/libqsvgicon.so", "imageformats/libqico.so", "imageformats/libqjpeg.so", "imageformats/libqsvg.so"),
    "platforminputcontexts/libcomposeplatforminputcontextplugin.so",
    "platforminputcontexts/libibusplatforminputcontextplugin.so",
    *("platforms/libqoffscreen.so", "platforms/libqwayland.so", "platforms/libqxcb.so", "xcbglintegrations/*"),
    "platformthemes/libqxdgdesktopportal.so",
    *("wayland-decoration-client/*", "wayland-graphics-integration-client/*", "wayland-shell-integration/*"),
)
# Files of the bundle, by where they would lie in it, that nothing in the app opens.
_UNUSED_FILES = (
    # Translations of Qt's own dialogs: the app speaks English.
    "PySide6/Qt/translations/*",
    # Plugins that are not used, on Windows and macOS.
    *(f"PySide6/Qt/plugins/{name}/*" for name in ("generic", "networkinformation", "tls")),
    *(f"PySide6/Qt/plugins/imageformats/*q{name}.*" for name in ("pdf", "tga", "tiff", "wbmp", "icns", "webp", "gif")),
    *(f"PySide6/Qt/lib/libQt6{name}.so.6" for name in ("Qml*", "Quick*", "VirtualKeyboard*", "Pdf*", "Designer*", "EglF[Ss]*")),
    # OpenVINO reads its own format and PyTorch's, on the processor and on Intel's graphics.
    *(f"openvino/libs/*openvino_{name}*" for name in ("tensorflow*", "onnx*", "paddle*", "jax*", "intel_npu*", "auto_*", "hetero*")),
    "openvino/frontend/tensorflow/*.so", "openvino/frontend/jax/*.so", "openvino/frontend/onnx/*.so",
    "openvino/frontend/paddle/*.so", "openvino/include/*", "openvino/cmake/*", "*.pyi", "torch/include/*", "torch/test/*",
    "*/tests/*", "scipy/*/tests/*", "numpy/*/tests/*", "pyqtgraph/icons/*.png.bak",
    "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/direct_url.json",
    # Of CUDA: solving equations, which PyTorch loads when it is asked to; many cards and machines; profiling; a second compiler.
    "torch/lib/libtorch_cuda_linalg.so", "*libcusolver*.so*", "*libnvperf*.so*", "*libcufile_rdma.so*", "*nvshmem_bootstrap_*",
    "*nvshmem_transport_*", "*libcheckpoint.so*", "*libpcsamplingutil.so*", "*libnvtx3interop.so*", "*libnvblas.so*", "*libcufftw.so*",
    "*.alt.so.*",
)  # fmt: skip
# Imports of multiprocessing and of Qt, in the worker too. `desktop/runtime/processes.py` does what the first is for; nothing opens
# pyqtgraph's processes; on Linux the Qt of a wheel finds its own plugins, and QT_PLUGIN_PATH would mislead the system's.
_UNNEEDED_HOOKS = (
    *("pyi_rth_multiprocessing", "pyi_rth_pyqtgraph_multiprocess"),
    *(("pyi_rth_pyside6",) if SYSTEM == "linux" else ()),
)


def hidden_imports() -> list[str]:
    """Modules that are imported by a name made at run time."""
    found = [name for package in _DYNAMIC_IMPORTS for name in collect_submodules(package, on_error="ignore")]
    used = [name for name in found if name in _USED_MODULES or not name.startswith(_UNUSED_PREFIXES)]
    pool = f"billiard.popen_spawn_{'win32' if SYSTEM == 'win32' else 'posix'}"
    return [*used, "desktop.tasks.audio_jobs", "desktop.tasks.draft_jobs", pool]


def datas() -> list[tuple[str, str]]:
    """Files that are read at run time."""
    shipped = [(str(path), str(path.parent.relative_to(ROOT))) for path in _resources()]
    return [*shipped, *copy_metadata("openvino"), *collect_data_files("openvino", includes=["libs/*.xml"])]


def binaries(native: Path) -> list[tuple[str, str]]:
    """Programs and libraries that were built for the bundle."""
    server = [path for pattern in ("redis-server*", "*.dll") for path in sorted((native / "redis").glob(pattern))]
    found = [(str(path), "redis") for path in server] + [(str(path), "openvino/libs") for path in _openvino_plugins()]
    return found + [(str(path), ".") for path in sorted((native / "lib").glob("libportaudio.so.2"))]


def runtime_hooks() -> list[str]:
    """Scripts that run before the app."""
    names = ["rthook_scipy.py", *(["rthook_portaudio.py"] if SYSTEM == "linux" else [])]
    return [str(ROOT / "packaging" / "hooks" / name) for name in names]


def remove_unused_files(entries: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """PyInstaller's list of files, each with its place in the bundle first, without those that nothing opens.

    A link has where it leads to second, from its own folder, and goes with that.
    """
    return [
        (place, source, kind)
        for place, source, kind in entries
        if not _is_unused(Path(place)) and not (kind == "SYMLINK" and _is_unused(Path(place).parent / source))
    ]


def _is_unused(place: Path) -> bool:
    plugin = place.as_posix().partition("PySide6/Qt/plugins/")[2]
    if plugin and SYSTEM == "linux":
        return not any(fnmatch(plugin, wanted) for wanted in _QT_PLUGINS)
    return any(fnmatch(place.as_posix(), cut) for cut in _UNUSED_FILES)


def remove_unneeded_hooks(scripts: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """PyInstaller's list of what runs at the start of every process, without what takes time and changes nothing."""
    return [entry for entry in scripts if entry[0] not in _UNNEEDED_HOOKS]


def icon() -> str | None:
    """The picture of the executable: Windows and macOS keep it inside."""
    if SYSTEM == "win32":
        return str(icons.write_ico(BUILD / "windows" / "unbraid.ico"))
    return str(icons.write_icns(BUILD / "unbraid.icns")) if SYSTEM == "darwin" else None


def version_resource() -> str | None:
    """What Windows shows in the properties of the executable."""
    return str(write_version_resource(BUILD / "windows" / "version.txt")) if SYSTEM == "win32" else None


def entitlements() -> str | None:
    """What macOS lets the hardened app do."""
    return str(ROOT / "packaging" / "macos" / "entitlements.plist") if SYSTEM == "darwin" else None


def _resources() -> list[Path]:
    return sorted(path for path in (ROOT / "resources").rglob("*") if path.is_file() and path.suffix != ".py")


def _openvino_plugins() -> list[Path]:
    """What OpenVINO loads by name: the processor, Intel's graphics, its own format, PyTorch's models."""
    folder = Path(get_package_paths("openvino")[1]) / "libs"
    names = ("intel_cpu_plugin", "intel_gpu_plugin", "ir_frontend", "pytorch_frontend")
    return [path for name in names for path in sorted(folder.glob(f"*openvino_{name}*"))]
