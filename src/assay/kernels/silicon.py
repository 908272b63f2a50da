"""What the kernels need of a chip, with a named default for everything a datasheet leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from assay.catalogue.chip import Chip
from assay.catalogue.node import Node
from assay.core.array import Number
from assay.core.errors import Unsupported

FLOP_PER_CLOCK_PER_CORE: Final[dict[str, float]] = {
    "volta": 1024,
    "ampere": 2048,
    "ada": 1024,
    "hopper": 4096,
    "blackwell": 8192,
    "gb20x": 1024,
    "xe2": 2048,
    "cdna2": 1024,
    "cdna3": 2048,
    "cdna4": 4096,
    "da-vinci": 8192,
}
"""Dense bf16 FLOP per clock and core of a full part; parts limited for export, and consumer cards, do less."""

UNKNOWN_CLOCK_HZ: Final = 1.8e9
UNKNOWN_FLOP_PER_CLOCK: Final = 4096.0
"""The core that stands in where nothing is known of the real ones: that of an H100."""

LARGEST_CORE: Final = 16384.0
"""bf16 FLOP per clock above which a core is a matrix unit (TPU, Gaudi, Trainium), not a core among many."""

EXP_PER_CLOCK_PER_CORE: Final = 16.0
EXP_PER_CLOCK_BY_ARCHITECTURE: Final[dict[str, float]] = {"Blackwell Ultra": 32.0, "Xe2": 64.0}
"""Exponentials per clock and core, by the beginning of the architecture's name, where it is not 16."""

LOAD_BYTES_PER_CLOCK: Final = 64.0
LOAD_SHARES: Final = 2.0
"""A core loads 64 B a clock, or twice its share of the memory bandwidth where that is more: nobody builds a chip
whose cores cannot drain its memory. The second binds above 0.5 x 64 B per clock: Rubin, Ascend 910."""

REFERENCE_CLOCK_HZ: Final = 1.8e9
FITTED_CLOCKS_HZ: Final = (1.4e9, 2.65e9)
"""Slowest and fastest core clock of the fit: latencies of chips beyond are those at the nearer end."""

PCIE_BYTES_PER_S: Final[dict[int, float]] = {3: 16e9, 4: 32e9, 5: 64e9, 6: 128e9}
"""x16, per direction, by generation."""

UNKNOWN_NIC_BYTES_PER_S: Final = 25e9
UNKNOWN_DOMAIN: Final = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Silicon:
    """A chip and its links as the kernel formulas see them: SI units, every number present."""

    id: str
    vendor: str
    generation: str
    tensor_issue: str
    cores: float
    clock_hz: float
    peaks: Mapping[str, float] = field(repr=False)
    """Dense peaks by tensor format, FLOP/s: those the datasheet states, and always bf16."""
    memory_bytes: float
    bandwidth_bytes_per_s: float
    l2_bytes: float
    tdp_w: float  # infinite where unknown: no power limit
    exp_per_s: float
    link_bytes_per_s: float  # scale-up, per direction, all links of the chip
    pair_bytes_per_s: float  # between two chips: less than the link in a mesh
    hosted: bool  # the link is PCIe through the host, which the chips of a node share
    nic_bytes_per_s: float
    chips_per_domain: float
    cores_known: bool  # False: `cores` are equivalents of UNKNOWN_FLOP_PER_CLOCK, no tile counts
    assumed: tuple[str, ...]

    def peak(self, tensor_format: str) -> float:
        """Return the dense peak at which a format is multiplied: its own, or bf16's where it has none."""
        return self.peaks.get(tensor_format, self.peaks["bf16"])

    @property
    def load_bytes_per_s(self) -> float:
        """Rate at which one core can load operands, before phi."""
        share = self.bandwidth_bytes_per_s / self.cores
        return max(LOAD_BYTES_PER_CLOCK * self.clock_hz, LOAD_SHARES * share)

    @property
    def clocked(self) -> float:
        """Factor of a time that passes in clocks of the cores, against a chip of 1.8 GHz."""
        slowest, fastest = FITTED_CLOCKS_HZ
        return REFERENCE_CLOCK_HZ / min(max(self.clock_hz, slowest), fastest)

    @property
    def launch(self) -> float:
        """Factor of a launch, which passes in part in clocks of the cores and in part outside: the square root."""
        return float(np.sqrt(self.clocked))

    def link_among(self, ranks: Number) -> Number:
        """Return the link rate of one chip among `ranks` of its domain, per direction.

        In a mesh a chip reaches each peer over a link of its own, so few ranks use few links. Chips behind PCIe share
        the host: a pair gets the full rate, more ranks their part of it.
        """
        if self.hosted:
            return self.link_bytes_per_s * 2.0 / np.maximum(ranks, 2.0)
        return np.minimum(self.link_bytes_per_s, self.pair_bytes_per_s * np.maximum(np.subtract(ranks, 1.0), 1.0))


def silicon(chip: Chip, node: Node | None = None) -> Silicon:
    """Return the kernels' view of a chip in a node.

    Parameters
    ----------
    chip
        A chip of the catalogue or of a file of one's own.
    node
        The server or rack it stands in: link, mesh, domain and NIC. None: the chip's own figures.

    Raises
    ------
    Unsupported
        Where the memory, its bandwidth, or every hint at a bf16 peak is missing.

    Notes
    -----
    The clock is the one at which the stated bf16 peak is reached (peak / cores / FLOP per clock) where that lies
    between 0.85 and 1 of the boost clock, as on every full part; the fit saw those clocks. A part limited in its
    tensor cores rather than its clock (H20) keeps the boost clock.
    """
    assumed: list[str] = []
    bandwidth = _required(chip, "memory bandwidth", chip.memory_bandwidth_bytes_per_s)
    memory = _required(chip, "memory size", chip.memory_bytes)
    bf16 = _bf16_peak(chip, assumed)
    cores, clock_hz, cores_known = _cores(chip, bf16, assumed)
    if chip.tdp_w is None:
        assumed.append("TDP: unknown, power limit left out")
    exp_rates = (rate for name, rate in EXP_PER_CLOCK_BY_ARCHITECTURE.items() if chip.architecture.startswith(name))
    link, pair, hosted = _link(chip, node, assumed)
    nic = (node.nic_bytes_per_s if node else None) or chip.nic_bytes_per_s
    if nic is None:
        assumed.append("NIC: 200 Gb/s per chip")
    return Silicon(
        id=chip.id,
        vendor=chip.vendor,
        generation=chip.generation,
        tensor_issue=chip.tensor_issue,
        cores=cores,
        clock_hz=clock_hz,
        peaks={**chip.peak_flop_per_s, "bf16": bf16},
        memory_bytes=memory,
        bandwidth_bytes_per_s=bandwidth,
        l2_bytes=chip.l2_bytes or 0.0,
        tdp_w=chip.tdp_w or np.inf,
        exp_per_s=next(exp_rates, EXP_PER_CLOCK_PER_CORE) * clock_hz * cores,
        link_bytes_per_s=link,
        pair_bytes_per_s=pair,
        hosted=hosted,
        nic_bytes_per_s=nic or UNKNOWN_NIC_BYTES_PER_S,
        chips_per_domain=_domain(node, hosted, assumed),
        cores_known=cores_known,
        assumed=tuple(assumed),
    )


def _required(chip: Chip, what: str, value: float | None) -> float:
    if value is None:
        raise Unsupported(
            f"{chip.name}: its {what} is not published, so no kernel can be timed on it",
            f"State it in a copy of {chip.origin} and pass that file.",
        )
    return value


def _bf16_peak(chip: Chip, assumed: list[str]) -> float:
    """Return the stated peak, or what the other formats, or cores and clock, say about it."""
    peaks = chip.peak_flop_per_s
    if "bf16" in peaks:
        return peaks["bf16"]
    for other, ratio in (("fp16", 1.0), ("fp8", 2.0), ("fp4", 4.0), ("int8", 2.0)):
        if other in peaks:
            assumed.append(f"bf16 peak: that of {other}" + (f" / {ratio:g}" if ratio > 1 else ""))
            return peaks[other] / ratio
    per_clock = FLOP_PER_CLOCK_PER_CORE.get(chip.generation)
    known = (chip.cores, chip.boost_hz, per_clock)
    if chip.cores is None or chip.boost_hz is None or per_clock is None:
        names = zip(("core count", "clock", "FLOP per clock of its generation"), known, strict=True)
        missing = ", ".join(name for name, value in names if value is None)
        raise Unsupported(
            f"{chip.name}: no dense peak is published, and none follows: {missing} unknown",
            f"State a peak in a copy of {chip.origin} and pass that file.",
        )
    assumed.append(f"bf16 peak: {per_clock:g} FLOP per clock and core, as others of its generation")
    return chip.cores * chip.boost_hz * per_clock


def _cores(chip: Chip, bf16: float, assumed: list[str]) -> tuple[float, float, bool]:
    """Return core count, clock, and whether the cores are real."""
    cores, clock = chip.cores, chip.boost_hz
    per_clock = FLOP_PER_CLOCK_PER_CORE.get(chip.generation)
    if cores is not None and per_clock is not None:
        implied = bf16 / cores / per_clock
        if clock is None:
            assumed.append(f"clock: {implied / 1e9:.2f} GHz, from peak and cores")
            return cores, implied, True
        return cores, implied if 0.85 <= implied / clock <= 1.0 else clock, True
    if cores is None and clock is not None and per_clock is not None:
        assumed.append(f"cores: {bf16 / clock / per_clock:.0f}, from peak and clock")
        return bf16 / clock / per_clock, clock, True
    if clock is None:
        clock = UNKNOWN_CLOCK_HZ
        assumed.append(f"clock: {clock / 1e9:g} GHz")
    if cores is not None and bf16 / cores / clock <= LARGEST_CORE:
        return cores, clock, True
    per_clock = per_clock or UNKNOWN_FLOP_PER_CLOCK
    equivalents = bf16 / clock / per_clock
    assumed.append(f"cores: {equivalents:.0f} of {per_clock:g} FLOP per clock")
    return equivalents, clock, False


def _link(chip: Chip, node: Node | None, assumed: list[str]) -> tuple[float, float, bool]:
    """Return scale-up rate, pair rate, and whether the link goes through the host."""
    stated = (node.link_bytes_per_s if node else None) or chip.link_bytes_per_s
    if node is None and chip.form_factor.startswith("PCIe"):
        stated = None  # a bridge joins two cards; the node that would say so is missing
    pcie = PCIE_BYTES_PER_S[int(min(max(chip.pcie_generation or 4, 3), 6))]
    if stated is None:
        assumed.append(f"link: PCIe through the host, {pcie / 1e9:g} GB/s")
        return pcie, pcie, True
    pair = (node.pair_bytes_per_s if node else None) or stated
    return stated, min(pair, stated), stated <= pcie


def _domain(node: Node | None, hosted: bool, assumed: list[str]) -> float:
    """Return how many chips the scale-up link reaches."""
    if node is not None and not hosted and node.domain_chips:
        return node.domain_chips
    if node is not None and node.chips_per_node:
        return node.chips_per_node
    assumed.append(f"node: {UNKNOWN_DOMAIN:g} chips")
    return UNKNOWN_DOMAIN
