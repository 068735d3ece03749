"""PyInstaller hook for PyTorch that replaces PyInstaller's own hook, which would include everything."""

from pathlib import Path

from PyInstaller.utils.hooks import PY_DYLIB_PATTERNS, collect_dynamic_libs, get_package_paths

# Include sources, too: torch.jit reads some of them when it is imported.
module_collection_mode = "pyz+py"
binaries = [
    (source, target)
    for source, target in collect_dynamic_libs("torch", search_patterns=[*PY_DYLIB_PATTERNS, "*.so.*"])
    if "test" not in source.rpartition("torch")[2]
]
# Libraries that builds for NVIDIA cards are linked with or load by name; other builds have no such folder.
_nvidia = Path(get_package_paths("torch")[1]).with_name("nvidia")
binaries += [(str(path), str(path.parent.relative_to(_nvidia.parent))) for path in _nvidia.glob("*/lib/*.so*")]
# A program that torch looks for when it is imported.
binaries += [(str(path), "torch/bin") for path in Path(get_package_paths("torch")[1]).glob("bin/torch_shm_manager*")]
# torch looks up its libraries by their real paths.
bindepend_symlink_suppression = ["**/torch/lib/*.so*", "**/nvidia/*/lib/*.so*"]
