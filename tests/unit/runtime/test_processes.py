"""The Windows job object that ends all children with the app: its memory layout, and its effect."""

import ctypes
import subprocess
import sys

import psutil
import pytest

from desktop.runtime.processes import JobObjectLimits


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the app is built for 64 bits")
def test_job_object_limits_have_the_layout_that_windows_expects() -> None:
    # winnt.h, 64 bits: JOBOBJECT_EXTENDED_LIMIT_INFORMATION.
    assert ctypes.sizeof(JobObjectLimits) == 144
    assert {name: getattr(JobObjectLimits, name).offset for name in ("flags", "most_processes", "affinity", "counters", "memory")} == {
        "flags": 16, "most_processes": 40, "affinity": 48, "counters": 64, "memory": 112,
    }  # fmt: skip


def test_child_ends_when_its_app_is_killed() -> None:
    script = "import subprocess, sys, time; from desktop.runtime.processes import assign_to_job_object, end_with_parent_options\n"
    script += "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], stdout=subprocess.PIPE, **end_with_parent_options())\n"
    script += "assign_to_job_object(child); print(child.pid, flush=True); sys.stdin.read()"
    if sys.platform == "darwin":
        pytest.skip("on macOS, a child must notice it by itself")
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as app:
        assert app.stdout is not None
        child = psutil.Process(int(app.stdout.readline()))
        app.kill()
        child.wait(20)
