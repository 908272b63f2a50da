"""What measurements say in words -> layouts, speculation and loads. What is left open is an error, never a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from assay.core.errors import Unsupported
from assay.engine.deployment import Speculation
from assay.llm.layout import Layout
from assay.validation.published_row import Loading, Pools

UNSAID: Final = re.compile(r"not (stated|captured|printed|carried)|unspecified|\bas above\b", re.I)
ATTENTION_DP: Final = re.compile(r"attention-dp|dp-attention|dp attention|\bdep\d", re.I)
ALL_TO_ALL_RANKS: Final = 8
"""Expert-parallel ranks with attention data parallelism above which tokens travel by all-to-all: beyond one node."""
COUNT: Final = re.compile(r"\d{1,9}(\.\d+)?")
"""A number of requests, tokens or chips."""
TWO_DIES: Final = frozenset({"ascend-910c"})
"""Packages of two dies that their framework sees as two devices: sizes in dies are halved."""


@dataclass(frozen=True, slots=True)
class Load:
    """How a row was loaded: see PublishedRow."""

    loading: Loading
    batch: float = 1.0
    arrivals_per_s: float | None = None
    tokens: float | None = None
    """Prompt tokens of a prefill step on one chip, where the batch is given so."""
    per: Literal["chip", "rank", "instance"] = "instance"
    """What the batch or the tokens are counted by."""


def layout_of(words: str, chips: float | None, chip: str) -> Layout:
    """Return the layout that words like "tp8 pp1 dp8 dp-attention ep" describe.

    Chips that no axis names are replicas. Experts follow tp unless EP is named; EP without a number spans the stage.
    Expert parallelism without a tp, or n cards and nothing more: attention data-parallel over the former, tensor
    parallel over the latter. Raises Unsupported where the words do not say, or do not fit the chips.
    """
    folded = words.casefold()
    sizes = {axis: _size(folded, axis) for axis in ("tp", "dp", "ep", "pp")}
    spread = bool(ATTENTION_DP.search(folded)) or (sizes["tp"] is None and sizes["ep"] is not None)
    if "ep size not stated" in folded:
        raise Unsupported("expert parallel size not stated")
    if not any(sizes.values()):
        sizes, spread = _of_cards(folded, chips)
    pp = sizes["pp"] or 1
    if spread and sizes["tp"] and sizes["dp"] == 1:  # attention data parallelism over one rank is none
        spread = False
    if spread:
        world = sizes["tp"] or sizes["dp"] or sizes["ep"] or 1
        dp = sizes["dp"] or world
        tp = world // dp if world % dp == 0 else 1
    else:
        tp, dp = sizes["tp"] or 1, 1  # dp without attention DP: replicas
    world = tp * dp
    ep = sizes["ep"] or (world if re.search(r"\bep\b(?! size)", folded) else 1)
    if chip in TWO_DIES and chips and world * pp == 2 * chips:
        tp, dp, ep = (tp // 2, dp, max(ep // 2, 1)) if tp > 1 else (tp, dp // 2, max(ep // 2, 1))
        world = tp * dp
    if world % min(ep, world):
        raise Unsupported(f"expert parallelism over {ep} of {world} chips")
    if chips and chips % (world * pp):
        raise Unsupported(f"layout of {world * pp} chips on {chips:g} chips")
    ep = min(ep, world)
    return Layout(tp=tp, dp=dp, ep=ep, pp=pp, all_to_all=dp > 1 and ep > ALL_TO_ALL_RANKS)


def pools_of(words: str) -> tuple[Pools, Layout] | None:
    """Return workers and their layout from "1P1D, tp8 each" or "2 prefill + 2 decode workers, each tp2", else None."""
    folded = words.casefold()
    short = re.match(r"([1-9]\d{0,3})p([1-9]\d{0,3})d, tp([1-9]\d{0,3}) each", folded)
    long = re.match(r"([1-9]\d{0,3}) prefill \+ ([1-9]\d{0,3}) decode workers, each tp([1-9]\d{0,3})", folded)
    found = short or long
    if not found:
        return None
    prefill, decode, tp = (int(group) for group in found.groups())
    return Pools(prefill, decode), Layout(tp=tp)


def speculation_of(words: str) -> Speculation:
    """Return draft and accepted tokens. Raises Unsupported where there is speculation whose acceptance is not said.

    An acceptance rate counts the drafted tokens that are kept; an accept length includes the certain one.
    """
    folded = words.casefold()
    if not folded or folded.startswith("none"):
        return Speculation()
    if UNSAID.search(folded):
        raise Unsupported("whether speculative decoding was on is not stated")
    verified = re.search(r"draft tokens (\d{1,3})|(\d{1,3}) draft tokens", folded)
    drafted = re.search(r"(\d{1,3}) tokens?", folded)
    draft = int(verified[1] or verified[2]) - 1 if verified else int(drafted[1]) if drafted else None
    length = re.search(r"accept(?: length)? ~?(\d+\.?\d*)(?:-(\d+\.?\d*))?", folded)
    rate = re.search(r"accept rate (\d+\.?\d*)%|(\d+) % acceptance", folded)
    if draft is None or not (length or rate):
        raise Unsupported("accepted tokens of speculative decoding not stated")
    if rate:
        accepted = 1.0 + draft * float(rate[1] or rate[2]) / 100.0
    else:
        ends = [float(end) for end in length.groups() if end]  # type: ignore[union-attr]
        accepted = sum(ends) / len(ends)
    if not 1.0 <= accepted <= draft + 1.0:
        raise Unsupported(f"{accepted:g} tokens accepted of {draft} drafted and the certain one")
    return Speculation(draft, accepted)


def load_of(deployment: str, batch: str, scope: str) -> Load:
    """Return how a row was loaded. Raises Unsupported where its batch, or what the batch counts, is not said."""
    deployment, batch, scope = deployment.casefold(), batch.casefold(), scope.casefold()
    if "loadgen" in f"{batch} {scope}":
        raise Unsupported("LoadGen scenario without input lengths")
    if "trtllm-bench" in scope:
        return Load("saturated")
    if deployment.startswith("pareto"):
        raise Unsupported("interpolated between recipes")
    if "prefill-only" in deployment or deployment.startswith(("prefill", "disaggregated, prefill")):
        return _prefill_load(deployment, batch, scope)
    number = re.fullmatch(COUNT, batch)
    rate = re.match(r"(\d{1,6}) req/s offered, (\d{1,6}) prompts", batch)
    if rate and float(rate[1]) and float(rate[2]):
        return Load("all at once", float(rate[2]), arrivals_per_s=float(rate[1]))
    size = float(number[0]) if number else 0.0
    if not size:
        raise Unsupported("batch or concurrency not stated")
    if "decode" in deployment and "disaggregated" not in deployment:
        return Load("decode pool", size, per=_per(scope))
    if "at once" in scope:
        return Load("all at once", size)
    if "static batch" in deployment or "fixed batch" in deployment or "batch 1" in deployment:
        return Load("fixed batch", size)
    if "concurrency" in scope or scope == "whole instance":
        return Load("disaggregated" if "disaggregated" in deployment else "closed loop", size)
    raise Unsupported("what the batch counts is not stated")


def kv_of(words: str) -> str:
    """Return fp8 or bf16 where the words say which, else empty."""
    folded = words.casefold()
    if re.search(r"fp8/bf16|int8/bf16", folded):
        return ""
    if re.search(r"\bfp8", folded):
        return "fp8"
    return "bf16" if folded.startswith(("bf16", "fp16", "auto (bf16)")) else ""


def _size(folded: str, axis: str) -> int | None:
    found = re.search(rf"\b(?:attention-)?{axis}(\d{{1,6}})", folded) or (
        re.search(r"\bdep(\d{1,6})", folded) if axis in {"dp", "ep"} else None
    )
    return int(found[1]) if found else None


def _of_cards(folded: str, chips: float | None) -> tuple[dict[str, int | None], bool]:
    """Return the sizes of "4 cards", "16 ranks (DP attention + EP)" and "prefill instance 16 NPUs"."""
    ranks = re.search(r"\b([1-9]\d{0,5}) ranks", folded)
    instance = re.search(r"instance ([1-9]\d{0,5}) npus", folded)
    if ranks or instance:
        size = int((ranks or instance)[1])  # type: ignore[index]
        return {"tp": None, "dp": size, "ep": size, "pp": None}, True
    cards = re.search(r"\b(\d+) (cards|devices|dies)\b", folded)
    if (cards or "card count" in folded) and chips:
        return {"tp": int(chips), "dp": None, "ep": None, "pp": None}, False
    raise Unsupported("parallel layout not stated")


def _prefill_load(deployment: str, batch: str, scope: str) -> Load:
    tokens = re.fullmatch(r"(\d{1,9}) tokens", batch)
    if "latency" in deployment:
        return Load("prefill pool", 1.0)
    if tokens and float(tokens[1]) and "per" in scope:
        return Load("prefill pool", tokens=float(tokens[1]), per=_per(scope))
    if re.fullmatch(COUNT, batch) and float(batch):
        return Load("closed loop" if "concurrency" in scope else "prefill pool", float(batch))
    return Load("prefill pool", 0.0, per="rank")  # as many as a chunk holds


def _per(scope: str) -> Literal["chip", "rank", "instance"]:
    if re.search(r"per (gpu|npu)", scope):
        return "chip"
    return "rank" if "rank" in scope else "instance"
