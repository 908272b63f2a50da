"""`assay validate`: how right is it?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from assay.core.errors import UsageError

app = App(name="validate", help="Score predictions against what others measured.", help_format="plaintext")


@app.command
def kernels(
    *,
    leave_out: Literal["chip", "generation"] | None = None,
    measurements: Path | None = None,
    fit: Annotated[bool, Parameter(negative=())] = False,
    out: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Score the times of single kernels.

    Without a file: the half of the kernel tables of the PyPI package aiconfigurator-core 0.12.0 (extra `validation`)
    that no fit sees.

    Parameters
    ----------
    leave_out
        'chip' or 'generation': no coefficient has seen the row's chip, or any of its generation.
    measurements
        A CSV of anybody's measurements with the columns op, shape (key=value;key=value), dtype, chip, seconds, and
        optionally framework, kernel, id; docs/validation-kernels.md lists the ops and their keys.
    fit
        Fit the coefficients again first and write the files that ship.
    out
        Write one line a row: id, metric, measured, value, low, high.
    json
        Print one JSON object (schema assay.validation/1).
    """
    from assay.cli import output
    from assay.cli.scoreboard import print_score
    from assay.validation.score import write_rows

    if fit:
        from assay.kernels.coefficients import shipped
        from assay.kernels.fit.files import refit

        with output.progress(len(shipped().families), "families", file=sys.stderr) as advance:
            refit(advance=advance)
    if measurements:
        from assay.validation.kernel_measurements import score_kernel_measurements

        score = score_kernel_measurements(measurements, leave_out or "")
    else:
        from assay.validation.kernels import score_kernels

        score = score_kernels(leave_out or "")
    if out:
        write_rows(score.predicted, out)
    if json:
        output.emit_json(score.as_dict())
    else:
        print_score(score, output.console())


@app.command
def serving(
    *,
    leave_out: Literal["chip", "generation"] | None = None,
    measurements: Path | None = None,
    simulated: Annotated[bool, Parameter(negative=())] = False,
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
        'chip': no number of a framework and no coefficient of kernels has seen the row's chip; 'generation': no
        coefficient has seen any chip of its generation.
    measurements
        A CSV of anybody's measurements; docs/measurements-format.md has the columns.
    simulated
        Simulate every row request by request, as its load generator drove it, instead of the closed form (minutes).
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

    if simulated and (measurements or leave_out == "generation"):
        raise UsageError("the sample alone is simulated, with a chip left out or none")
    if explain:
        output.console().print(tree(explained(explain, leave_out or "")), highlight=False)
        return
    if simulated:
        from assay.validation.simulated_score import score_simulated

        found = score_simulated("chip" if leave_out else "")
    elif measurements:
        found = score_measurements(measurements)
    else:
        found = score_serving(leave_out or "")
    if out:
        write_rows(found.score.predicted, out)
    if json:
        output.emit_json(found.score.as_dict())
    else:
        print_score(found.score, output.console())
        print_cleaning(found.cleaning, output.console())
