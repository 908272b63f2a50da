"""Predict the measured deployments with AIConfigurator 0.12.0, to put its errors beside ours on the same rows.

Run in an environment of its own (`pip install aiconfigurator==0.12.0`); it needs about an hour of one core:

    python scripts/peer_predictions.py src/assay/validation/data/aiconfigurator.csv

Writes id, ttft_s and tpot_s of every row of silicon_sample.csv that AIConfigurator predicts, with the row's own labels
as arguments and its engine version where AIConfigurator has it, else its default.
"""

from __future__ import annotations

import contextlib
import csv
import io
import logging
import os
import pathlib
import sys

BUNDLED = {
    "meta-llama/Llama-3.1-70B": "meta-llama/Meta-Llama-3.1-70B",
    "meta-llama/Llama-3.1-8B-Instruct": "meta-llama/Meta-Llama-3.1-8B",
    "nvidia/Llama-3.1-8B-Instruct-FP8": "meta-llama/Meta-Llama-3.1-8B",
    "zhipuai/GLM-5": "zai-org/GLM-5",
}
"""Names of the rows whose config ships with AIConfigurator under another name."""

SIZES = ("batch_size", "tp_size", "pp_size", "attention_dp_size", "moe_tp_size", "moe_ep_size")
FORMATS = ("gemm_quant_mode", "moe_quant_mode")


def main() -> None:
    """Predict every aggregated row and write the CSV named on the command line."""
    os.environ["AIC_ALLOW_UNLISTED_VERSIONS"] = "1"
    import aiconfigurator_core

    logging.disable(logging.CRITICAL)
    source = pathlib.Path(aiconfigurator_core.__file__).parent / "systems" / "silicon_sample.csv"
    with source.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["mode"] == "agg"]
    target = pathlib.Path(sys.argv[1])
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "ttft_s", "tpot_s"])
        for row in rows:
            found = predicted(row)
            if found:
                writer.writerow([row["id"], *(f"{seconds:.6g}" for seconds in found)])
                file.flush()


_known: dict[tuple[object, ...], tuple[float, float] | None] = {}


def predicted(row: dict[str, str]) -> tuple[float, float] | None:
    """Return TTFT and TPOT in seconds, None where AIConfigurator does not answer."""
    from aiconfigurator.cli.api import cli_estimate

    arguments: dict[str, object] = {key: int(float(row[key])) for key in SIZES if row[key]}
    arguments |= {key: row[key] for key in FORMATS if row[key]}
    arguments |= {"isl": int(float(row["isl"])), "osl": int(float(row["osl"])), "backend_name": row["backend"]}
    key = (row["model_path"], row["system"], row["backend_version"], *sorted(arguments.items()))
    if key in _known:
        return _known[key]
    names = dict.fromkeys((BUNDLED.get(row["model_path"], row["model_path"]), f"{row['model_path']}-FP8"))
    for model in names:
        for version in dict.fromkeys((row["backend_version"] or None, None)):
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                answer = cli_estimate(
                    model_path=model, system_name=row["system"], mode="agg", backend_version=version, **arguments
                )
                _known[key] = (answer.ttft / 1e3, answer.tpot / 1e3)
                return _known[key]
    _known[key] = None
    return None


if __name__ == "__main__":
    main()
