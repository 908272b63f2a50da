"""`assay model`: what a model is made of."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

app = App(
    name="model",
    help="What a model is made of: parameters, bytes, blocks, operators.",
    help_format="plaintext",
)

Switch = Annotated[bool, Parameter(negative=())]


@app.command
def show(model: str, /, *, json: Switch = False) -> None:
    """Show a model: its parameters, bytes, blocks, and the operators of one decode step.

    Parameters
    ----------
    model
        Hugging Face id, alias, or path to a config.json.
    json
        Print one JSON object (schema assay.model/1).
    """
    from assay.cli import output
    from assay.cli.description import print_description
    from assay.llm.description import describe
    from assay.llm.model import Model

    description = describe(Model.load(model))
    if json:
        output.emit_json(description.as_dict())
    else:
        print_description(description)


@app.command(name="list")
def list_models(*, json: Switch = False, csv: Switch = False) -> None:
    """List the models of the catalogue with their published sizes.

    Parameters
    ----------
    json
        Print one JSON object (schema assay.models/1).
    csv
        Print one line a model.
    """
    from assay.catalogue.model import model_records
    from assay.cli import output
    from assay.cli.description import print_models
    from assay.llm.description import MODELS_SCHEMA, listed

    rows = [listed(record) for record in model_records()]
    if json:
        output.emit_json({"schema": MODELS_SCHEMA, "models": rows})
    elif csv:
        output.emit_csv(rows)
    else:
        print_models(rows)
