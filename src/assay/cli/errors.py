"""Every way a command can end: the one place where exceptions become messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from cyclopts import CycloptsError

from assay.core.errors import AssayError

USAGE = 2
BUG = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # 128 + SIGINT
BROKEN_PIPE = 141  # 128 + SIGPIPE


def exit_code_of(command: Callable[[], object]) -> int:
    """Run a command and return its exit code; errors are told on stderr.

    A traceback is shown only for a bug, and only where ASSAY_DEBUG is set.
    """
    try:
        command()
        sys.stdout.flush()
    except AssayError as error:
        return _told(error.message, error.hint, error.exit_code)
    except CycloptsError as error:
        asked = " ".join(["assay", *(error.command_chain or ())])
        return _told(str(error), f"Run '{asked} --help' for what can be asked.", USAGE)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read stdout has left. What is still buffered would fail again at exit: let it go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        if os.environ.get("ASSAY_DEBUG"):
            raise
        name = f"{type(error).__name__}: {error}".splitlines()[0]
        return _told(name, "This is a bug in Assay. Please report it with the output under ASSAY_DEBUG=1.", BUG)
    return 0


def _told(message: str, hint: str, code: int) -> int:
    print(f"assay: error: {message.rstrip()}", file=sys.stderr)  # noqa: T201
    if hint:
        print(f"hint: {hint}", file=sys.stderr)  # noqa: T201
    return code
