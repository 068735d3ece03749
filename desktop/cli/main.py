"""Entry point of the command line: parses the arguments and runs one command."""

import sys
from collections.abc import Sequence

from desktop.cli.parser import build_parser
from desktop.errors import UnbraidError
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.streams import guard_output_streams

# Exit status that a shell reports for a program ended by Ctrl-C: 128 plus the number of SIGINT.
_EXIT_INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Run one command. Return 0 on success, 1 if anything failed or was cancelled, 2 for wrong usage."""
    guard_output_streams()
    try:
        arguments = build_parser().parse_args(argv)
    except SystemExit as exit_request:
        return int(exit_request.code or 0)
    try:
        status = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except UnbraidError as error:
        print(f"unbraid: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _EXIT_INTERRUPTED
    finally:
        process_crash_handler.collect_reports()
