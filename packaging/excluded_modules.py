"""Python modules that are left out of the packaged app; read by unbraid.spec."""

EXCLUDED = [
    *("tkinter", "IPython", "matplotlib", "pytest", "pandas", "PIL", "setuptools", "pip", "pkg_resources"),
    # Under the GPL, or linked with libraries under the GPL.
    *("readline", "_dbm", "_gdbm", "dbm.gnu", "dbm.ndbm", "Cython", "cython", "pyximport", "curses", "_curses"),
    # Qt bindings and views of pyqtgraph that the app does not use.
    *("PyQt5", "PyQt6", "PySide2", "OpenGL", "pyqtgraph.opengl", "pyqtgraph.examples", "pyqtgraph.console"),
    *("PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtQuickWidgets", "PySide6.QtDesigner"),
    "PySide6.QtTest",
    # demucs uses these for training and downloads, which the app does not do with it.
    *("huggingface_hub", "hf_xet", "sphn", "torchaudio", "lameenc"),
    *("openvino_telemetry", "torch.utils.tensorboard", "jinja2"),
    # Replaced by the compiled library, see stretch/build.py.
    "python_stretch",
    # PyTorch's compiler for NVIDIA cards, and CUDA for Python.
    *("triton", "cuda"),
    # PyTorch's model compiler, distributed computing and ONNX export.
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
    # SciPy without its Fourier transforms, filters and sparse arrays; see hooks/rthook_scipy.py. The others would add a
    # second OpenBLAS: 70 MB with `interpolate` alone.
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
            "sparse.linalg",
            "spatial",
            "special",
            "stats",
        )
    ),
]
