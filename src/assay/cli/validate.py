"""`assay validate`: how right is it?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

app = App(name="validate", help="Score predictions against what others measured.", help_format="plaintext")


@app.command
def serving(
    *,
    leave_out: Literal["chip"] | None = None,
    measurements: Path | None = None,
    explain: str = "",
    out: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Score TTFT and TPOT of deployments that others measured.

    Without a file: 5,221 deployments of the PyPI package aiconfigurator-core 0.12.0 (extra `validation`), cleaned by
    named rules; scores are printed for clean, set-aside, all and raw rows.

    Parameters
    ----------
    leave_out
        'chip': no coefficient, of kernels or of frameworks, has seen the row's chip.
    measurements
        A CSV of anybody's measurements; docs/measurements-format.md has the columns.
    explain
        Id of a row: print the predicted breakdown beside what was measured.
    out
        Write one line a row: id, metric, measured, value, low, high.
    json
        Print one JSON object (schema assay.validation/1).
    """
    from assay.cli import output
    from assay.cli.explanation import tree
    from assay.cli.scoreboard import print_cleaning, print_score
    from assay.validation.score import write_rows
    from assay.validation.serving import explain as explained
    from assay.validation.serving import score_measurements, score_serving

    if explain:
        output.console().print(tree(explained(explain, leave_out or "")), highlight=False)
        return
    found = score_measurements(measurements) if measurements else score_serving(leave_out or "")
    if out:
        write_rows(found.score.predicted, out)
    if json:
        output.emit_json(found.score.as_dict())
    else:
        print_score(found.score, output.console())
        print_cleaning(found.cleaning, output.console())
