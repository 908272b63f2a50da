"""What a config.json of a model family does not say because the family's code does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Traits:
    """Facts of a family; each is a default where the config has a key for it."""

    qk_norm: Literal["none", "head", "full"] = "none"
    qkv_bias: bool = False
    output_bias: bool = False  # a bias on q, k, v stands on the output projection too
    output_gate: bool = False
    sinks: bool = False
    full_every: int = 0  # every n-th layer has full attention; 0: the window is on all layers
    tied: bool = False
    norms: int = 1  # per sublayer
    gated: bool = True
    expert_bias: bool = False
    router_bias: bool = False
    shared_gate: bool = False
    mtp: bool = True
    """The checkpoint holds the MTP layers that the config counts."""
    mtp_embeddings: bool = False
    assumes: str = ""
