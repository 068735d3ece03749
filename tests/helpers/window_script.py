"""Run the real window in a separate process, and act in it as a script says.

`python -m tests.helpers.window_script FILE [ARGUMENT …]` runs `unbraid` and the generator `act(window, *arguments)` of a
Python file. Whatever it yields is called until it returns something true; then the script goes on. At its end the window
closes. The exit status is 1 if the script raises an exception, or waits for too long.
"""

import runpy
import sys
import traceback
from collections.abc import Callable, Generator
from time import monotonic

from PySide6.QtCore import QTimer

from desktop.gui import main
from desktop.ui.app.main_window import MainWindow

Condition = Callable[[], object]
# Time between evaluations of a condition, and the longest wait for one on a busy machine.
_POLL_INTERVAL_MS, _TIMEOUT_S = 20, 300


class _Script:
    """A script that acts in a window."""

    def __init__(self, steps: "Generator[Condition]", window: MainWindow) -> None:
        self.exit_status = 0
        self._steps, self._window = steps, window
        self._condition: Condition = lambda: True
        self._waits_since = monotonic()
        self._timer = QTimer(window, interval=_POLL_INTERVAL_MS)
        self._timer.timeout.connect(self._go_on)
        self._timer.start()

    def _go_on(self) -> None:
        try:
            if self._condition():
                self._condition, self._waits_since = next(self._steps), monotonic()
            elif monotonic() > self._waits_since + _TIMEOUT_S:
                self._steps.throw(TimeoutError(f"waited for {_TIMEOUT_S} s"))
        except StopIteration:
            self._end()
        except Exception:  # noqa: BLE001 - whatever happens, the window closes
            traceback.print_exc()
            self.exit_status = 1
            self._end()

    def _end(self) -> None:
        self._timer.stop()
        self._window.may_close = lambda: True
        self._window.close()


if __name__ == "__main__":
    scripts: list[_Script] = []
    act = runpy.run_path(sys.argv[1])["act"]
    status = main([], lambda window: scripts.append(_Script(act(window, *sys.argv[2:]), window)))
    sys.exit(status or scripts[0].exit_status)
