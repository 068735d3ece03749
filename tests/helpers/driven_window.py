"""Run the real window in a separate process, and evaluate a Python expression in it.

`python -m tests.helpers.driven_window EXPRESSION [FILE …]` is `unbraid FILE …` plus the evaluation. The expression can use
`window` and `quit`.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop.gui import main
from desktop.ui.app.main_window import MainWindow

# Time between evaluations.
_POLL_INTERVAL_MS = 20


def _evaluate_until_result(expression: str) -> None:
    """Evaluate the expression repeatedly until it is not None, then print its value; so it can wait for a state."""

    def evaluate() -> None:
        window = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow))
        result = eval(expression, {"window": window, "quit": window.close})
        if result is not None:
            timer.stop()
            print(result, flush=True)

    timer = QTimer(QApplication.instance(), interval=_POLL_INTERVAL_MS)
    timer.timeout.connect(evaluate)
    timer.start()


if __name__ == "__main__":
    qt_exec = QApplication.exec

    def exec_with_expression(*_: object) -> int:
        _evaluate_until_result(sys.argv[1])
        return qt_exec()

    QApplication.exec = exec_with_expression  # type: ignore[method-assign]
    sys.exit(main([Path(argument) for argument in sys.argv[2:]]))
