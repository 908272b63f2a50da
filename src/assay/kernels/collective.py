"""Collectives: NCCL and custom all-reduce inside a scale-up domain, hierarchical rings over NICs beyond it."""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.array import Number
from assay.kernels.coefficients import Theta
from assay.kernels.machine import Cost, Machine
from assay.kernels.silicon import Silicon
from assay.llm.operator import Collective, PointToPoint

NIC_EFFICIENCY: Final = 0.9
"""Share of a NIC's rate that a ring sustains. DeepEP's low-latency kernels reach 94 to 96 % over InfiniBand."""
NIC_LATENCY_S: Final = 20e-6
NIC_LATENCY_PER_DOUBLING_S: Final = 4e-6
"""First byte between nodes, and more for each doubling of the nodes: DeepEP low latency on H100, 2 to 8 nodes."""

FITTED_RANKS: Final = 8.0
CUSTOM_RANKS: Final = 8.0
"""Most ranks of a custom all-reduce kernel."""
CUSTOM_MIDDLE: Final = 4.0
"""Ranks for which its eta stands."""
CUSTOM_VENDORS: Final = frozenset({"Nvidia", "AMD"})
"""Vendors for whose chips serving frameworks have one: it needs peer memory."""
SHARPNESS: Final = 8
CUSTOM_SHARPNESS: Final = 20
"""Of the soft minimum of two protocols. A custom all-reduce switches by a table of its own, near the true minimum."""


def cost(operator: Collective, machine: Machine) -> Cost:
    """Return the cost of a collective; nothing for one rank.

    Inside a domain: the faster of NCCL and, for all-reduce, the custom kernel. Beyond it: each domain reduces or
    gathers its share, the shares travel over the NICs, all of them at once. The floor is the latency term, a0 G(n).

    Notes
    -----
    Fitted on NVLink, 2 to 8 GPUs, 256 B to 1 GB: the prototype's median absolute error is 22 % (NCCL) and 25 % (custom)
    on an unseen generation, 9 % on seen chips. More ranks, meshes, PCIe and NICs are counted, not fitted: no table
    goes there. Source: aiconfigurator-core-0-12-0.
    """
    silicon = machine.silicon
    ranks, message = np.asarray(operator.ranks, dtype=float), np.asarray(operator.message_bytes, dtype=float)
    domains = np.ceil(ranks / silicon.chips_per_domain)
    local = np.maximum(ranks / domains, 1.0)
    nccl = machine.theta("nccl")
    # all-to-all: only what stays in the domain crosses its links
    inside = message * np.where(operator.kind == "all_to_all", local / ranks, 1.0)
    seconds = nccl_s(operator.kind, inside, local, nccl, silicon)
    latency = nccl.a0 * silicon.launch * growth(local, nccl.an)
    if operator.kind == "all_reduce" and silicon.vendor in CUSTOM_VENDORS:
        theta = machine.theta("custom_all_reduce", machine.software.framework)
        custom = np.where(local <= CUSTOM_RANKS, custom_all_reduce_s(message, local, theta, silicon), np.inf)
        seconds = np.minimum(seconds, custom)
        latency = theta.a0 * silicon.clocked * growth(local, theta.an)
    seconds = np.where(local > 1.0, seconds, 0.0)
    floor = np.minimum(seconds, latency)
    outside = _between_nodes(operator.kind, message, local, domains, silicon)
    return Cost(seconds - floor + outside.variable_s, floor + outside.floor_s)


def point_to_point_cost(operator: PointToPoint, machine: Machine) -> Cost:
    """Return the cost of handing a message to the next pipeline stage.

    Of the stage boundaries of an instance, stride / domain leave the domain, all from one domain's width on: the time
    is the mean over boundaries. Not fitted.
    """
    silicon, theta = machine.silicon, machine.theta("nccl")
    leaving = np.clip(np.divide(operator.stride, silicon.chips_per_domain), 0.0, 1.0)
    leaving = np.where(np.asarray(operator.stride) < silicon.chips_per_domain, 0.0, leaving)
    inside_s = operator.message_bytes / (theta.eta * silicon.link_among(2.0))
    outside_s = operator.message_bytes / (NIC_EFFICIENCY * silicon.nic_bytes_per_s)
    return Cost(
        (1.0 - leaving) * inside_s + leaving * outside_s,
        (1.0 - leaving) * theta.a0 * silicon.launch + leaving * NIC_LATENCY_S,
    )


def family(operator: Collective, machine: Machine) -> str | None:
    """Return the family whose measurements stand behind the cost; None over PCIe and beyond the domain."""
    if machine.silicon.hosted or np.max(operator.ranks) > machine.silicon.chips_per_domain:
        return None
    custom = operator.kind == "all_reduce" and machine.silicon.vendor in CUSTOM_VENDORS
    return "custom_all_reduce" if custom else "nccl"


def growth(ranks: Number, per_rank: float) -> Number:
    """Return G(n) = 1 + an (n - 2) up to 8 ranks; then each doubling adds what the two from 2 to 8 did on average."""
    beyond = np.log2(np.maximum(ranks, FITTED_RANKS) / FITTED_RANKS)
    return 1.0 + per_rank * (np.minimum(ranks, FITTED_RANKS) - 2.0 + (FITTED_RANKS - 2.0) / 2.0 * beyond)


def volume(kind: str, ranks: Number) -> Number:
    """Return the bytes that cross a chip's link, per byte of message: 2 (n - 1) / n for all-reduce, else half of it."""
    return (2.0 if kind == "all_reduce" else 1.0) * np.subtract(ranks, 1.0) / np.maximum(ranks, 1.0)


def nccl_s(kind: str, message_bytes: Number, ranks: Number, theta: Theta, silicon: Silicon) -> Number:
    """Return the time of an NCCL collective inside a domain: the better of its two protocols.

    Low latency: al + V' / (ell B); bandwidth: al + a2 G + V' / (eta B), V' the bytes that cross a link.
    """
    exchange = kind == "all_to_all"
    scale = silicon.launch * growth(ranks, theta.an)
    latency = theta.a0 * scale * (theta.ra if kind == "all_reduce" else theta.r2 if exchange else 1.0)
    fastest = volume(kind, ranks) * message_bytes / silicon.link_among(ranks)
    low_latency = latency + fastest / theta.ell
    bandwidth = latency + theta.a2 * scale + fastest / (theta.eta * (theta.e2 if exchange else 1.0))
    return np.maximum(_soft_min(low_latency, bandwidth, SHARPNESS), fastest)


def custom_all_reduce_s(message_bytes: Number, ranks: Number, theta: Theta, silicon: Silicon) -> Number:
    """Return the time of a one- or two-shot all-reduce over peer memory, whichever is faster.

    One shot: a0 G + (n - 1) V / (e1 B); two: (a0 + a2) G + 2 (n - 1) / n V / (eta (n / 4)^en B): more peers keep more
    of the links busy.
    """
    scale = silicon.clocked * growth(ranks, theta.an)
    link = silicon.link_among(ranks)
    fastest = volume("all_reduce", ranks) * message_bytes / link
    one_shot = theta.a0 * scale + np.subtract(ranks, 1.0) * message_bytes / (theta.e1 * link)
    busy = np.power(np.divide(ranks, CUSTOM_MIDDLE), theta.en)
    two_shot = (theta.a0 + theta.a2) * scale + fastest / (theta.eta * busy)
    return np.maximum(_soft_min(one_shot, two_shot, CUSTOM_SHARPNESS), fastest)


def _soft_min(a: Number, b: Number, sharpness: float) -> Number:
    """Smooth minimum, below the true one by at most 1 - 2^(-1 / sharpness): 8 % at 8, 3 % at 20."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    return low * np.power(1.0 + np.power(low / high, sharpness), -1.0 / sharpness)


def _between_nodes(kind: str, message: Number, local: Number, domains: Number, silicon: Silicon) -> Cost:
    """Time over the NICs, one per chip: a ring over domains on the chip's share of the message."""
    share = message if kind == "all_to_all" else message / local
    moved = volume(kind, domains) * share
    phases = 2.0 if kind == "all_reduce" else 1.0
    latency = phases * (NIC_LATENCY_S + NIC_LATENCY_PER_DOUBLING_S * np.log2(domains))
    crossing = domains > 1.0
    return Cost(
        np.where(crossing, moved / (NIC_EFFICIENCY * silicon.nic_bytes_per_s), 0.0), np.where(crossing, latency, 0.0)
    )
