"""docs/validation.md, the scoreboard.

`python -m assay.validation.page --measure [serving.csv]` scores again (extra `validation`; the file has the columns of
docs/measurements-format.md) and writes data/scoreboard.json; without the flag the page and its pictures are made from
that file alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from assay.catalogue.door import read_json
from assay.validation.peer import peer_predictions, side_by_side
from assay.validation.predict import predict
from assay.validation.ranking import ours, peers, ranking
from assay.validation.scatter import counts, scatter
from assay.validation.score import Scored, group_by
from assay.validation.serving import CLEAN, ServingScore, score_measurements, score_serving
from assay.validation.silicon_sample import aggregated, sample_path
from assay.validation.simulated_score import score_simulated

DATA: Final = Path(__file__).parent / "data" / "scoreboard.json"
DOCS: Final = Path(__file__).parents[3] / "docs"
TABLES: Final = (
    ("Rows", ("set", "mode")),
    ("Chips", ("set", "mode", "chip")),
    ("Frameworks and campaigns", ("set", "mode", "framework", "harness")),
    ("Models", ("set", "mode", "model")),
    ("Layouts", ("set", "mode", "layout")),
)
WHY: Final = """
## Why the bad groups are bad

- **TTFT of SGLang** is decided by launch flags. Delivery of the first token takes 2 to 40 decode steps by run
  (scheduler receive and stream intervals); the public scripts of InferenceX state them (data/launches.toml), and what a
  stream interval costs differs between releases. Waves of fixed-length prompts appear in SGLang 0.5.1 to 0.5.8
  (Qwen3-32B, H100) and not in 0.5.6 (Llama-8B, H200).
- **TTFT of TensorRT-LLM**: some scripts let a request wait 20 or 40 steps for others, and attention ranks up to 60 for
  each other; known where the script is.
- **gpt-oss on Hopper**: mxfp4 experts with 16-bit activations run Triton or Marlin by release; one class stands for
  both.
- **Qwen3-32B, vLLM 0.12**: 1.5 to 2 ms a step at every size; that release schedules synchronously. The campaign's own
  numbers absorb it only when the campaign was seen on another chip.
- **DeepSeek-R1 fp8 on B200 under TensorRT-LLM**: release and expert parallelism change together (1.1.0rc2 with EP8,
  1.2.0rc6 with TP), in opposite directions.
- **Disaggregated rows**: most state no batch; the inferred one can be wrong by 32 times. Those that state one still
  hide multi-token prediction.
- **More than 128 concurrent requests**: sampling, detokenising and preemption per sequence, low by 10 %.
"""


def measure(published: Path | None) -> dict[str, Any]:
    """Return the scoreboard as JSON carries it."""
    seen, left_out = score_serving(), score_serving("chip")
    rows = aggregated(sample_path()).rows
    predicted = predict(rows, "chip")
    both = list(side_by_side(predicted, peer_predictions()))
    clean = [each for each in predicted if not each.set_aside]
    peer = peer_predictions()
    shared = [each for each in clean if each.row.id in peer and not each.row.repaired and peer[each.row.id].tpot_s > 0]
    board: dict[str, Any] = {
        "regenerate": "python -m assay.validation.page --measure FILE",
        "seen": [group.as_dict() for group in seen.score.groups],
        "left_out": [group.as_dict() for group in left_out.score.groups],
        "cleaning": [list(entry) for entry in seen.cleaning],
        "peer": [group.as_dict() for keys in (("tool",), ("chip", "tool")) for group in group_by(both, *keys)],
        "simulated": [group.as_dict() for group in score_simulated().score.groups],
        "simulated_left_out": [group.as_dict() for group in score_simulated("chip").score.groups],
        "ranking": {
            "all": ranking(clean, ours).as_dict(),
            "shared": ranking(shared, ours).as_dict(),
            "peer": ranking(shared, peers(peer)).as_dict(),
        },
        "cells": {metric: counts(_clean(left_out, metric)) for metric in ("tpot_s", "ttft_s")},
    }
    if published:
        found = score_measurements(published)
        board["published"] = [group.as_dict() for group in found.score.groups]
        board["unpredicted"] = [list(entry) for entry in found.cleaning]
    return board


def page(board: Mapping[str, Any]) -> str:
    """Return docs/validation.md."""
    return "\n".join(_page(board)).replace("\n\n\n", "\n\n")


def pictures(board: Mapping[str, Any]) -> dict[str, str]:
    """Return the SVG pictures by file name."""
    return {
        f"validation-{metric.removesuffix('_s')}.svg": scatter(
            cells, f"{metric.removesuffix('_s').upper()}, chip left out"
        )
        for metric, cells in board["cells"].items()
    }


def _page(board: Mapping[str, Any]) -> Iterator[str]:
    yield "# How right is it?"
    yield ""
    yield "Every measured deployment of `silicon_sample.csv` (PyPI aiconfigurator-core 0.12.0, Apache-2.0): 5,221 rows,"
    yield "H100 to GB300, aggregated and disaggregated, three frameworks, ten models. Errors in % of the measured; bias"
    yield "above 0 means predicted too slow; `inside` is the share of measured values within the printed 80 % interval,"
    yield "`width` its half width. **Chip left out**: no framework number and no coefficient of any kernel has seen the"
    yield "row's chip. Reproduce with `assay validate serving --leave-out chip`. Generated by"
    yield "`python -m assay.validation.page`; kernels have [a page of their own](validation-kernels.md)."
    yield ""
    yield "![TPOT](images/validation-tpot.svg) ![TTFT](images/validation-ttft.svg)"
    for label, key in (("Chip left out", "left_out"), ("All chips seen", "seen")):
        for title, keys in TABLES if key == "left_out" else TABLES[:1]:
            groups = [group for group in board[key] if tuple(group["by"]) == keys]
            chosen = groups if title == "Rows" else [group for group in groups if group["by"]["set"] == CLEAN]
            yield f"\n## {label}: {title.lower()}\n"
            yield from _table(chosen, worst_first=title != "Rows")
    yield "\n## The same rows by AIConfigurator\n"
    yield "Clean aggregated rows whose labels were read as printed and that both tools predict. AIConfigurator 0.12.0"
    yield "has measured the very chip of each row; Assay's numbers are those with that chip left out.\n"
    yield from _table(board["peer"], worst_first=False)
    yield from _simulated(board)
    yield from _ranked(board["ranking"])
    yield WHY
    if "published" in board:
        yield "\n## Other chips\n"
        yield "Measurements that others published, read by `assay validate serving --measurements FILE`. No number of a"
        yield "framework was fitted on H20, Ascend, AMD, A100 or L40S; A100 and L40S have kernels in the fit.\n"
        yield from _table(
            [group for group in board["published"] if tuple(group["by"]) == ("chip", "fault")], worst_first=True
        )
        yield "\nNot predicted:\n"
        yield from (f"- {entry[1]} rows: {entry[0].removeprefix('not predicted: ')}" for entry in board["unpredicted"])
    yield "\n## Cleaning\n"
    yield "| rule | rows | why |\n| --- | ---: | --- |"
    yield from (f"| {rule} | {rows} | {reason} |" for rule, rows, reason in board["cleaning"])
    yield ""


def _simulated(board: Mapping[str, Any]) -> Iterator[str]:
    yield "\n## The same rows, simulated\n"
    yield "Every request of the load generator through the scheduler (`assay validate serving --simulated`), with the"
    yield "flags of the public launch scripts where they are known. `pools`: disaggregated deployments that state both"
    yield "batches."
    for label, key in (("Chip left out", "simulated_left_out"), ("All chips seen", "simulated")):
        yield f"\n### {label}\n"
        wanted = [("set", "mode"), ("set", "mode", "framework", "harness")]
        for keys in wanted if key == "simulated_left_out" else wanted[:1]:
            yield from _table([group for group in board[key] if tuple(group["by"]) == keys], worst_first=False)
            yield ""


def _ranked(found: Mapping[str, Any]) -> Iterator[str]:
    yield "\n## Choices\n"
    yield "Of the layouts that were measured for a model, chip, framework, precision and lengths: how much of the best"
    yield "measured tok/s/chip at a TPOT limit (10 to 100 ms) the layout ranked first reaches; nothing where it breaks"
    yield "the limit. Mean over the groups, chip left out.\n"
    yield "| rows | groups | choices | ranked by | share of the best | a random layout |"
    yield "| --- | ---: | ---: | --- | ---: | ---: |"
    for rows, who, key in (
        ("all clean", "Assay", "all"),
        ("those AIConfigurator predicts", "Assay", "shared"),
        ("those AIConfigurator predicts", "AIConfigurator", "peer"),
    ):
        each = found[key]
        shares = " | ".join(f"{100 * each[name]:.1f} %" for name in ("mean_share", "chance_share"))
        yield f"| {rows} | {each['groups']} | {each['choices']} | {who} | {shares} |"


def _table(groups: Sequence[Mapping[str, Any]], *, worst_first: bool) -> Iterator[str]:
    yield "| group | metric | n | median | mean | P90 | bias | inside | width |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    ordered = sorted(groups, key=lambda group: -group["median_ape"]) if worst_first else groups
    for group in sorted(ordered, key=lambda group: str(group["metric"]), reverse=True):
        errors = " | ".join(f"{100 * group[key]:.1f}" for key in ("median_ape", "mape", "p90_ape"))
        inside = f"{100 * group['interval80_coverage']:.0f} | {100 * group['interval80_width']:.0f}"
        if not group["interval80_width"]:
            inside = "- | -"
        names = ", ".join(value for value in group["by"].values() if value not in ("", CLEAN))
        yield f"| {names} | {group['metric']} | {group['n']} | {errors} | {100 * group['bias']:+.1f} | {inside} |"


def _clean(found: ServingScore, metric: str) -> Iterable[Scored]:
    wanted = {"set": CLEAN, "mode": "aggregated"}
    return (row for row in found.score.predicted if row.metric == metric and wanted.items() <= row.by.items())


if __name__ == "__main__":
    if "--measure" in sys.argv:
        files = [Path(word) for word in sys.argv[1:] if word != "--measure"]
        DATA.write_text(json.dumps(measure(files[0] if files else None), indent=1) + "\n", encoding="utf-8")
    found = read_json(DATA)
    (DOCS / "validation.md").write_text(page(found), encoding="utf-8")
    for name, picture in pictures(found).items():
        (DOCS / "images" / name).write_text(picture, encoding="utf-8")
