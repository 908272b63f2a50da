"""Deployments measured by others: silicon_sample.csv of the PyPI package aiconfigurator-core 0.12.0 (Apache-2.0).

5,221 rows from two campaigns: InferenceX runs ("infx") and NVIDIA's gap analysis ("gap"). The labels have faults; each
repair, removal and flag below is a named rule with its reason, and every score is printed with and without them.
"""

from __future__ import annotations

import csv
import importlib.util
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from assay.core.errors import Unsupported
from assay.validation.measured import Measured

CHIPS: Final = {
    "h100_sxm": "h100-sxm",
    "h200_sxm": "h200-sxm",
    "b200_sxm": "b200-sxm",
    "b300_sxm": "b300-sxm",
    "gb200": "gb200",
    "gb300": "gb300",
}
MODELS: Final = {
    # twins of one run under several names
    "deepseek-ai/DeepSeek-V3": "deepseek-ai/DeepSeek-R1",
    "nvidia/DeepSeek-R1-NVFP4": "deepseek-ai/DeepSeek-R1",
    "nvidia/DeepSeek-V3.1-NVFP4": "deepseek-ai/DeepSeek-R1",
    "zhipuai/GLM-5": "zai-org/GLM-5",
    "meta-llama/Llama-3.1-70B": "meta-llama/Meta-Llama-3.1-70B",
    "meta-llama/Llama-3.1-8B-Instruct": "meta-llama/Meta-Llama-3.1-8B",
    "nvidia/Llama-3.1-8B-Instruct-FP8": "meta-llama/Meta-Llama-3.1-8B",
    "nvidia/Qwen3-32B-NVFP4": "Qwen/Qwen3-32B",
    "Qwen/Qwen3-235B-A22B-FP8": "Qwen/Qwen3-235B-A22B",
}
LARGEST_REPLICA: Final = 8
CONSISTENT: Final = 0.06
"""Most that batch x workers and concurrency may differ by."""

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Cleaning:
    """The rows that are left, and how many each rule touched."""

    rows: tuple[Measured, ...]
    log: tuple[tuple[str, int, str], ...]  # rule, rows, reason


def sample_path() -> Path:
    """Return where the installed package keeps the file. Raises Unsupported where it is not installed."""
    spec = importlib.util.find_spec("aiconfigurator_core")
    if spec is None or not spec.submodule_search_locations:
        raise Unsupported(
            "the measured deployments are not installed", "Install the extra: pip install assay[validation]."
        )
    return Path(next(iter(spec.submodule_search_locations))) / "systems" / "silicon_sample.csv"


def aggregated(path: Path) -> Cleaning:
    """Return the aggregated deployments, repaired, merged and flagged, with the log of what was done."""
    log: Counter[str] = Counter()
    reasons: dict[str, str] = {}
    kept: list[Measured] = []
    for row in rows_of(path, "agg"):
        measured = read_row(row, log)
        rule = next((rule for rule in DROPS if rule.condition(row, measured)), None)
        if rule is not None:
            log[rule.name] += 1
            reasons[rule.name] = rule.reason
            continue
        kept.append(measured)
    kept = _without_speculative_twins(kept, log)
    merged = _merged(kept, log)
    flagged = [replace(each, flags=tuple(rule.name for rule in FLAGS if rule.condition({}, each))) for each in merged]
    log.update(f"flag: {flag}" for each in flagged for flag in each.flags)
    reasons |= REPAIR_REASONS | {f"flag: {rule.name}": rule.reason for rule in FLAGS}
    return Cleaning(tuple(flagged), tuple((name, count, reasons.get(name, "")) for name, count in log.items()))


def disaggregated(path: Path) -> tuple[Measured, ...]:
    """Return the decode workers of the disaggregated deployments; only their TPOT is scored.

    Rows that do not state a batch (1,328 of 1,602) are read as one decode worker that takes the whole concurrency, with
    attention data parallelism over its experts; they are flagged, and a group of their own.
    """
    rows = (read_worker(row) for row in rows_of(path, "disagg"))
    return tuple(_merged([row for row in rows if row.tpot_s], Counter()))


def read_worker(row: Row) -> Measured:
    tp, dp, ep = (max(count_of(row, f"decode_{key}", 1), 1) for key in ("tp_size", "attention_dp_size", "moe_ep_size"))
    concurrency, batch = concurrency_of(row), count_of(row, "decode_batch_size", 0)
    flags: tuple[str, ...] = ()
    if batch:
        workers = max(count_of(row, "decode_num_workers", 1), 1)
        if abs(concurrency / (workers * batch * dp) - 1) > CONSISTENT:
            flags = ("batch and concurrency disagree",)
        concurrency = float(batch * dp)
    else:
        flags = ("batch inferred from concurrency",)
        if ep > 1 and dp == 1:
            tp, dp, ep = 1, tp, tp
    aggregated_like = {**row, "tp_size": str(tp), "attention_dp_size": str(dp), "moe_ep_size": str(ep)}
    read = read_row(aggregated_like, Counter(), repair=False)
    return replace(
        read, mode="decode worker", concurrency=concurrency, tp=tp, dp=dp, ep=min(ep, tp * dp), ttft_s=None, flags=flags
    )


def raw(path: Path) -> tuple[Measured, ...]:
    """Return every aggregated row as its labels stand: nothing repaired, dropped, merged or flagged."""
    return tuple(read_row(row, Counter(), repair=False) for row in rows_of(path, "agg"))


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason to drop or to set aside a row."""

    name: str
    reason: str
    condition: Callable[[Row, Measured], bool]


def _concurrency_per_batch(row: Row, measured: Measured) -> float:
    return measured.concurrency / max(count_of(row, "batch_size", 1), 1)


DROPS: Final = (
    Rule(
        "drop: larger than a node",
        "GB200 rows labelled tp 12 to 72 are whole deployments whose roles are unknown",
        lambda _row, measured: measured.world > LARGEST_REPLICA,
    ),
    Rule(
        "drop: no time",
        "a zero or missing TTFT or TPOT was not measured",
        lambda _row, measured: not (measured.ttft_s and measured.tpot_s),
    ),
    Rule(
        "drop: hidden replicas",
        "the run spread its concurrency over an unrecorded number of replicas",
        lambda row, measured: (
            "gtl" in row["silicon_data_source"]
            and measured.dp == 1
            and 1.5 < _concurrency_per_batch(row, measured) <= 2.2
        ),
    ),
    Rule(
        "drop: not monotonic",
        "the campaign's TPOT rises and falls with concurrency (8, 133, 72 ms at 1, 64, 128)",
        lambda row, _measured: "gtl_" in row["silicon_data_source"],
    ),
)

REPAIR_REASONS: Final = {
    "repair: tp given as tp x ep": "the id says tp8_ep8 where tp_size says 64",
    "repair: attention_dp given as dp x ep": "attention data parallelism is at most the replica's size",
    "repair: hidden attention dp": "the batch is per rank: concurrency / batch ranks share the experts",
    "drop: speculative twin": "multi-token prediction on and off share one label; only the slow one is without",
    "merge: repeats": "several dumps of one run, merged by the median",
}

SPECULATIVE_DATES: Final = {"2026-01-14", "2026-01-28"}
SPECULATIVE_RC6_DATES: Final = {"2026-02-03", "2026-02-05", "2026-02-06"}

FLAGS: Final = (
    Rule(
        "speculative batches",
        "whole batches of runs are faster than their twins by what multi-token prediction gives; unlabelled",
        lambda _row, measured: (
            (
                measured.model == "deepseek-ai/DeepSeek-R1"
                and measured.framework == "trtllm"
                and (
                    measured.measured_on in SPECULATIVE_DATES
                    or (measured.version == "1.2.0rc6.post3" and measured.measured_on in SPECULATIVE_RC6_DATES)
                )
            )
            or (
                measured.model.startswith("Qwen/Qwen3.5")
                and measured.chip == "b200-sxm"
                and measured.precision == "fp8"
                and measured.world == 4
                and measured.ep == 1
            )
        ),
    ),
    Rule(
        "vLLM 0.12, Qwen3-235B",
        "35 to 58 ms whatever concurrency, size and context: no CUDA graph or an untuned MoE kernel",
        lambda _row, measured: (
            measured.model == "Qwen/Qwen3-235B-A22B" and measured.framework == "vllm" and measured.chip == "h200-sxm"
        ),
    ),
    Rule(
        "vLLM Llama-3.1-8B-FP8",
        "the implied prefill rate is near the fp8 peak: prefix hits, or concurrency is not per replica",
        lambda _row, measured: "8b_instruct_fp8" in measured.id.replace("-", "_").lower(),
    ),
    Rule(
        "slow prefill",
        "TTFT of 3.2 s for a prefill of 0.24 s at 8,192 tokens, fine at 1,024: attention fell back",
        lambda _row, measured: (
            measured.model == "deepseek-ai/DeepSeek-R1"
            and measured.chip == "b300-sxm"
            and measured.framework == "sglang"
            and measured.input_tokens == 8192
        ),
    ),
)


def read_row(row: Row, log: Counter[str], repair: bool = True) -> Measured:
    tp, dp, ep = (max(count_of(row, key, 1), 1) for key in ("tp_size", "attention_dp_size", "moe_ep_size"))
    batch = max(count_of(row, "batch_size", 1), 1)
    concurrency = concurrency_of(row)
    labelled = re.search(r"_tp(\d+)(?:_0)?_ep(\d+)", row["id"])
    repairs: list[str] = []
    world = tp
    if repair:
        if labelled:
            world, ep = int(labelled[1]), int(labelled[2])
        elif tp == 1:
            world = dp
        if tp > LARGEST_REPLICA:
            repairs.append("repair: tp given as tp x ep")
            if not labelled and ep > 1:
                world = max(tp // ep, 1)
        if dp > LARGEST_REPLICA:
            repairs.append("repair: attention_dp given as dp x ep")
            dp = world = min(world, LARGEST_REPLICA) if world > 1 else LARGEST_REPLICA
        ep, dp = min(ep, world), min(dp, world)
        hidden = row["model_path"].startswith(("deepseek", "nvidia/DeepSeek")) and dp == 1 and ep == world > 1
        if hidden and concurrency / batch >= 1.9:
            dp = min(world, round(concurrency / batch))
            repairs.append("repair: hidden attention dp")
        if world % dp:
            dp = 1
    else:
        world = tp * dp if tp == 1 else tp
        ep, dp = min(ep, world), min(dp, world)
        if world % dp:
            dp = 1
    log.update(repairs)
    measured_on = re.search(r"measured=(\d{4}-\d{2}-\d{2})", row["silicon_data_source"])
    return Measured(
        id=row["id"],
        source=row["silicon_data_source"],
        harness="gap" if "harrli" in row["silicon_data_source"] else "infx",
        chip=CHIPS[row["system"]],
        model=MODELS.get(row["model_path"], row["model_path"]),
        framework=row["backend"],
        version=row["backend_version"],
        precision=_precision(row),
        mode="aggregated",
        input_tokens=float(row["isl"]),
        output_tokens=float(row["osl"]),
        concurrency=concurrency,
        tp=world // dp,
        dp=dp,
        ep=ep,
        pp=max(count_of(row, "pp_size", 1), 1),
        ttft_s=seconds_of(row["silicon_ttft_ms"]),
        tpot_s=seconds_of(row["silicon_tpot_ms"]),
        measured_on=measured_on[1] if measured_on else "",
        repaired=bool(repairs),
        static_scales=row["model_path"] == "meta-llama/Llama-3.1-70B" and row["precision"] == "fp8",
    )


def _without_speculative_twins(rows: list[Measured], log: Counter[str]) -> list[Measured]:
    """Drop DeepSeek rows of TensorRT-LLM that are faster than 0.8 of the slowest row of the same configuration."""
    slowest: dict[object, float] = defaultdict(float)
    for row in rows:
        slowest[labels_of(row)] = max(slowest[labels_of(row)], row.tpot_s or 0.0)
    kept = []
    for row in rows:
        suspect = row.model == "deepseek-ai/DeepSeek-R1" and row.framework == "trtllm"
        if suspect and (row.tpot_s or 0.0) < 0.8 * slowest[labels_of(row)]:
            log["drop: speculative twin"] += 1
        else:
            kept.append(row)
    return kept


def _merged(rows: Iterable[Measured], log: Counter[str]) -> list[Measured]:
    groups: dict[object, list[Measured]] = defaultdict(list)
    for row in rows:
        groups[labels_of(row)].append(row)
    merged = []
    for group in groups.values():
        log["merge: repeats"] += len(group) - 1
        ttft_s = statistics.median(row.ttft_s for row in group if row.ttft_s) if group[0].ttft_s else None
        tpot_s = statistics.median(row.tpot_s for row in group if row.tpot_s)
        repaired = any(row.repaired for row in group)
        merged.append(replace(group[0], ttft_s=ttft_s, tpot_s=tpot_s, repeats=len(group), repaired=repaired))
    return merged


def labels_of(row: Measured) -> tuple[object, ...]:
    lengths = (row.input_tokens, row.output_tokens, row.concurrency)
    return (row.chip, row.model, row.framework, row.precision, *lengths, row.tp, row.dp, row.ep, row.harness, row.flags)


def _precision(row: Row) -> str:
    if row["precision"]:
        return row["precision"]
    return "fp8" if "FP8" in row["model_path"] else "bf16"


def concurrency_of(row: Row) -> float:
    in_id = re.search(r"_c(\d+)", row["id"])
    in_source = re.search(r"silicon_concurrency=(\d+)", row["silicon_data_source"])
    found = in_id or in_source
    return float(found[1]) if found else float(count_of(row, "batch_size", 1))


def rows_of(path: Path, mode: str) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["mode"] == mode]


def count_of(row: Row, key: str, default: int) -> int:
    return int(float(row[key])) if row[key] else default


def seconds_of(text: str) -> float | None:
    value = float(text) / 1e3 if text else 0.0
    return value or None
