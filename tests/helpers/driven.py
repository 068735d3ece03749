"""The real window in a process of its own, which a line of Python does something to once it is open.

`python -m tests.helpers.driven LINE [FILE …]` is `unbraid FILE …` but for that. The line knows `window`, and `quit`.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop.gui import main
from desktop.ui.app.main_window import MainWindow

# Milliseconds between looks.
_POLL_INTERVAL_MS = 20


def _evaluate_until_result(expression: str) -> None:
    """Run the line again and again until it says something: it may wait for what it wants to see."""

    def evaluate() -> None:
        window = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow))
        said = eval(expression, {"window": window, "quit": window.close})
        if said is not None:
            timer.stop()
            print(said, flush=True)

    timer = QTimer(QApplication.instance(), interval=_POLL_INTERVAL_MS)
    timer.timeout.connect(evaluate)
    timer.start()


if __name__ == "__main__":
    qt_exec = QApplication.exec

    def exec_with_expression(*_: object) -> int:
        _evaluate_until_result(sys.argv[1])
        return qt_exec()

    QApplication.exec = exec_with_expression  # type: ignore[method-assign]
    sys.exit(main([Path(word) for word in sys.argv[2:]]))
