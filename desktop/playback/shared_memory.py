"""Memory that this process shares with one child, and that leaves nothing behind when both have ended."""

import mmap
import os
import secrets
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SharedMemory:
    """Memory, and how a child gets it."""

    memory: mmap.mmap
    handle: str
    """Argument of the child."""
    descriptors: Sequence[int]
    """File descriptors that the child has to inherit; none on Windows."""

    def release_descriptors(self) -> None:
        """Close the descriptors, once the child has been started; the memory stays."""
        for descriptor in self.descriptors:
            os.close(descriptor)


def create_shared_memory(size: int) -> SharedMemory:
    """Return `size` bytes of zeros. Raises OSError."""
    if sys.platform == "win32":
        name = f"unbraid-{secrets.token_hex(16)}"
        return SharedMemory(_open_named(name, size), name, ())
    if sys.platform == "linux":
        descriptor = os.memfd_create("unbraid")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.truncate(descriptor, size)
    return SharedMemory(mmap.mmap(descriptor, size), str(descriptor), (descriptor,))


def open_shared_memory(handle: str, size: int) -> mmap.mmap:
    """Return the memory that the parent process created. Raises OSError."""
    if sys.platform == "win32":
        return _open_named(handle, size)
    descriptor = int(handle)
    memory = mmap.mmap(descriptor, size)
    os.close(descriptor)
    return memory


def _open_named(name: str, size: int) -> mmap.mmap:
    """Return the memory of this name, which Windows keeps until the last process has closed it."""
    return mmap.mmap(-1, size, tagname=name)  # pyright: ignore[reportCallIssue] only Windows has it
