"""Choice and installation of the PyTorch build: on Linux the one without CUDA, unless `UNBRAID_TORCH=cuda`.

The build without CUDA is a quarter of the size. PyPI has only the build with CUDA; the other is on PyTorch's own
package index, with pinned digests like all packages.
"""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from setup_console import NoBuildError, SetUpError, UnreachableError, print_message
from setup_environment import Environment

LOCKS = Path(__file__).resolve().parent / "lock"
FULL, SMALL, CUDA = LOCKS / "torch.txt", LOCKS / "torch-cpu.txt", LOCKS / "cuda.txt"
INDEX = "https://download.pytorch.org/whl/cpu"
# Seconds for each reply of that index, pip's default, but without pip's five retries.
TIMEOUT_S = 15
VARIABLE = "UNBRAID_TORCH"
CPU_SIZE, CUDA_SIZE = "0.5 GB to download, 1.9 GB on disk", "2.7 GB to download, 5.4 GB on disk"
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")
# Requirements of a build with CUDA, several GB; other builds have none of them.
_NEEDED_BY_CUDA = re.compile(r"(nvidia|cuda|triton)\b")
_DESCRIPTION = "PyTorch, the largest part"


def choose_build(environment: Environment) -> str:
    """Return "cpu" or "cuda": the value of `UNBRAID_TORCH`, else the installed build, else "cpu".

    Raises SetUpError for another value, and for CUDA on a system for which PyPI has no such build.
    """
    requested = os.environ.get(VARIABLE, "")
    if requested not in ("", "cpu", "cuda"):
        raise SetUpError(f"{VARIABLE} is {requested!r}, and may be cpu or cuda. Correct or unset it, then start again.")
    if requested == "cuda" and not sys.platform.startswith("linux"):
        raise SetUpError(f"{VARIABLE}=cuda is for Linux: PyPI has no PyTorch with CUDA for this system. Unset it.")
    return requested or _installed_build(environment)


def install(environment: Environment, inherited_fds: Sequence[int] = ()) -> None:
    """Install the chosen build, or the one with CUDA if no index has the other. Raises SetUpError.

    `inherited_fds`: descriptors that pip inherits.
    """
    build, is_new = choose_build(environment), not environment.has_installed(SMALL)
    if not sys.platform.startswith("linux"):
        environment.install(FULL, _DESCRIPTION, inherited_fds)
    elif build == "cpu" and install_small(environment, inherited_fds):
        environment.remove(FULL)
        environment.remove(CUDA)
        if is_new and NVIDIA_DRIVER.exists():
            print_message(
                f"  This computer has an NVIDIA card. To compute on it, start once with {VARIABLE}=cuda: {CUDA_SIZE}."
            )
    else:
        if build == "cpu":
            print_message(f"  The build for NVIDIA cards is taken in its place: {CUDA_SIZE}.")
            print_message("  To wait for the small one, press Ctrl-C and start again later.")
            build = "cuda"
        # pip would treat the build without CUDA as the same version, and skip the installation.
        environment.remove(SMALL)
        environment.install(FULL, _DESCRIPTION, inherited_fds)
        if _has_cuda_build(environment):
            environment.install(CUDA, "what PyTorch needs for NVIDIA cards", inherited_fds)
    environment.torch_choice_file.write_text(build + "\n", encoding="utf-8")


def install_small(environment: Environment, inherited_fds: Sequence[int] = ()) -> bool:
    """Install the build without CUDA and return True, or print why no index has it and return False.

    pip searches its configured index, then PyTorch's. Raises SetUpError if a download is interrupted or does not match
    the locked digest.
    """
    try:
        environment.install(SMALL, _DESCRIPTION, inherited_fds)
    except NoBuildError:
        print_message("  The usual package index has only the build for NVIDIA cards.")
        return _install_from_index(environment, inherited_fds)
    return True


def _install_from_index(environment: Environment, inherited_fds: Sequence[int]) -> bool:
    description = f"PyTorch from its own package index, {urlsplit(INDEX).hostname}: 190 MB to download"
    try:
        environment.install(
            SMALL, description, inherited_fds, ["--index-url", INDEX, "--timeout", str(TIMEOUT_S), "--retries", "0"]
        )
    except (NoBuildError, UnreachableError):
        print_message("  It does not answer, or has no build for this computer.")
        return False
    return True


def _installed_build(environment: Environment) -> str:
    if environment.torch_choice_file.is_file():
        return environment.torch_choice_file.read_text(encoding="utf-8").strip()
    return "cuda" if environment.folder.is_dir() and _has_cuda_build(environment) else "cpu"


def _has_cuda_build(environment: Environment) -> bool:
    return any(_NEEDED_BY_CUDA.match(requirement) for requirement in environment.requirements("torch"))
