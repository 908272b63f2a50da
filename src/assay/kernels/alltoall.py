"""Expert all-to-all (DeepEP and its like): tokens to the ranks of their experts, and results back."""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.array import Number
from assay.kernels.coefficients import Theta
from assay.kernels.formats import OPERANDS
from assay.kernels.machine import Cost, Machine, p_norm
from assay.kernels.silicon import Silicon
from assay.llm.operator import ExpertAllToAll

CLASSES: Final[dict[tuple[str, str], str]] = {
    ("sglang", "low_latency"): "LL",
    ("sglang", "normal"): "HT",
    ("deepep", "low_latency"): "deepep_ll",
    ("deepep", "normal"): "deepep_ht",
    ("trtllm_deepep", "low_latency"): "trtllm_deepep_ll",
    ("trtllm_deepep", "normal"): "trtllm_deepep_ht",
}
"""Kernel class by library and mode; the phase is appended."""

SCALE_BYTES: Final[dict[str, float]] = {"fp8": 4.0 / 128.0, "fp8_block": 4.0 / 128.0}
"""Bytes of scales beside each activation byte of a format."""
COPY_CORES: Final = 24.0
"""Cores that copy tokens in normal mode: DeepEP's default, and the limit on fast links."""
FITTED_NODES: Final = 4.0


def cost(operator: ExpertAllToAll, machine: Machine) -> Cost:
    """Return the cost of one dispatch or combine; nothing for one rank."""
    kernel = CLASSES.get((machine.software.all_to_all, operator.mode), "")
    theta = machine.theta("all_to_all", f"{kernel}_{operator.phase}" if kernel else "")
    tokens, ranks = np.asarray(operator.tokens, dtype=float), np.asarray(operator.ranks, dtype=float)
    return time(tokens, token_bytes(operator), operator.top_k, ranks, operator.mode, theta, machine.silicon)


def family(operator: ExpertAllToAll, machine: Machine) -> str | None:
    """Return the family whose measurements stand behind the cost; None over PCIe and beyond a domain."""
    if machine.silicon.hosted or np.max(operator.ranks) > machine.silicon.chips_per_domain:
        return None
    return "all_to_all"


def token_bytes(operator: ExpertAllToAll) -> float:
    """Return the bytes of one token on its way, scales included."""
    activation_bytes = OPERANDS[operator.format].activation_bytes
    return operator.hidden * activation_bytes * (1.0 + SCALE_BYTES.get(operator.format, 0.0))


def time(
    tokens: Number,
    bytes_per_token: Number,
    top_k: Number,
    ranks: Number,
    mode: str,
    theta: Theta,
    silicon: Silicon,
    *,
    copy_cores: Number = COPY_CORES,
) -> Cost:
    """Return the cost of sending `tokens` of every rank to `top_k` experts spread over `ranks`.

    t = a0 nodes^ax + |links, x8 NIC, cores|_p. Low latency sends a message per (token, expert); normal mode one copy
    per rank and per node that holds an expert of the token, and pays the cores that copy.

    Notes
    -----
    Fitted inside one node (H100, H200, B200, B300: 8 ranks; GB200, GB300: 4) and, on H100, on 2 to 8 nodes: the
    published median absolute error is 24 % on an unseen generation, 12 % on seen chips. Beyond four nodes congestion
    doubled the time of normal mode on the measured cluster. Source: aiconfigurator-core-0-12-0.
    """
    per_node = np.minimum(silicon.chips_per_domain, ranks)
    nodes = np.ceil(ranks / per_node)
    link_bytes, nic_bytes = traffic(tokens, bytes_per_token, top_k, ranks, per_node, nodes, mode)
    link_s = link_bytes / (theta.eta * silicon.link_among(per_node))
    nic_s = nic_bytes / (theta.ei * silicon.nic_bytes_per_s) * np.where(nodes > FITTED_NODES, theta.e8, 1.0)
    core_s: Number = 0.0
    if mode == "normal":
        passes = ranks * _hit(ranks, top_k) + theta.c0
        cores = np.minimum(copy_cores, silicon.cores)
        core_s = tokens * bytes_per_token * passes / (cores * theta.phi / 64.0 * silicon.load_bytes_per_s)
    several = ranks > 1.0
    return Cost(
        np.where(several, p_norm(theta.p, link_s, nic_s, core_s), 0.0),
        np.where(several, theta.a0 * np.power(nodes, theta.ax), 0.0),
    )


def traffic(
    tokens: Number, bytes_per_token: Number, top_k: Number, ranks: Number, per_node: Number, nodes: Number, mode: str
) -> tuple[Number, Number]:
    """Return the bytes of one rank over its scale-up link and over its NIC."""
    if mode == "low_latency":
        sent = tokens * top_k * bytes_per_token
        return sent * np.subtract(per_node, 1.0) / ranks, sent * np.subtract(nodes, 1.0) / nodes
    sent = tokens * bytes_per_token
    return (
        sent * np.subtract(ranks, 1.0) * _hit(ranks, top_k),
        sent * np.subtract(nodes, 1.0) * _hit(nodes, top_k),
    )


def _hit(groups: Number, top_k: Number) -> Number:
    """Probability that a given one of `groups` holds an expert of a token: 1 - (1 - 1/m)^k."""
    return 1.0 - np.power(1.0 - 1.0 / np.asarray(groups, dtype=float), top_k)
