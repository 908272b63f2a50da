"""The `assay` command: finds the verb, and imports only that one."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

from cyclopts import App

from assay import __version__
from assay.cli.errors import exit_code_of
from assay.core.errors import UsageError

SUMMARY = "Find out what an AI chip is really worth."

VERBS = {
    "compare": ("assay.cli.compare:compare", "Compare chips for one model, workload and service level."),
    "plan": ("assay.cli.plan:plan", "Plan a deployment: layouts, pools and chips for a load and a service level."),
    "catalogue": ("assay.cli.catalogue:app", "List, show, check and source the facts about chips, models and prices."),
    "export": ("assay.cli.export:app", "May it be sold to them? Dated export rules on AI chips; not legal advice."),
    "supply": (
        "assay.cli.supply:app",
        "How many chips can be had under a policy, with intervals, and what they add up to.",
    ),
    "simulate": (
        "assay.cli.simulate:simulate",
        "What will users see? Requests through schedulers: latency percentiles, goodput, cost.",
    ),
    "sweep": ("assay.cli.sweep:sweep", "Answer a grid of requests, on all processors or a cluster; resumable."),
    "validate": ("assay.cli.validate:app", "How right is it? Predictions against what others measured."),
    "model": ("assay.cli.model:app", "Show what a model is made of: parameters, bytes, operators."),
}
"""Verb: where it is written, and what the list of commands says of it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    arguments
        Words after the name of the program; those of the process by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows '?', and no error
    return exit_code_of(lambda: _run(words))


def _run(words: Sequence[str]) -> None:
    verb = words[0] if words else ""
    app = _app(verb)
    if words and verb not in app:
        raise UsageError(f"no command '{verb}'", f"Commands: {', '.join(VERBS)}. Run 'assay --help' for more.")
    app(words)


def _app(verb: str) -> App:
    app = App(
        name="assay",
        help=SUMMARY,
        version=__version__,
        help_format="plaintext",  # markdown costs 0.1 s of imports
        version_format="plaintext",
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    for name, (place, summary) in VERBS.items():
        # A lazily loaded verb is listed by a summary given here, which would then replace its own help.
        app.command(place, name=name, help=None if name == verb else summary)
    app.register_install_completion_command(help="Install completion for bash, zsh or fish.")
    return app
