"""What is to be launched: a model, a framework and its roles, each a layout on chips with its scheduler limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.core.errors import UsageError
from assay.llm.precision import KvFormat, Precision

RoleName = Literal["aggregated", "prefill", "decode"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One kind of instance: how its chips share the model, and what its scheduler may do.

    `max_num_seqs` and `chunk_tokens` hold for one attention replica (one of `dp`), as vLLM counts them; `ep` is 1 or
    tp x dp, all ranks of a pipeline stage. `draft_tokens` come from the model's own multi-token-prediction layers.
    """

    name: RoleName
    chip: str
    vendor: str
    chips_per_node: int
    replicas: int
    tp: int
    pp: int
    dp: int
    ep: int
    all_to_all: bool
    max_num_seqs: int
    chunk_tokens: int
    max_model_len: int
    memory_fraction: float
    precision: Precision
    draft_tokens: int = 0
    prefix_caching: bool = True

    def __post_init__(self) -> None:
        """Refuse a role that contradicts itself. Raises UsageError."""
        if not self.chip.isprintable():
            raise UsageError(f"no name of a chip: {self.chip!r}", "Give its name on one line.")
        for field in ("chips_per_node", "replicas", "tp", "pp", "dp", "max_num_seqs", "chunk_tokens", "max_model_len"):
            if getattr(self, field) < 1:
                raise UsageError(f"{field} of the {self.name} role is {getattr(self, field)}", "It is at least 1.")
        if self.ep not in (1, self.tp * self.dp):
            raise UsageError(
                f"ep of the {self.name} role is {self.ep}", f"It is 1 or tp x dp, here {self.tp * self.dp}."
            )
        if self.all_to_all and self.ep == 1:
            raise UsageError(f"all-to-all without expert parallelism in the {self.name} role", "Set ep to tp x dp.")
        if not 0 < self.memory_fraction < 1:
            raise UsageError(
                f"memory_fraction of the {self.name} role is {self.memory_fraction}", "It is between 0 and 1."
            )
        if self.draft_tokens < 0:
            raise UsageError(f"draft_tokens of the {self.name} role is {self.draft_tokens}", "It is at least 0.")

    @property
    def kv_format(self) -> KvFormat:
        """The format of the KV cache."""
        return self.precision.kv

    @property
    def chips(self) -> int:
        """Chips of one instance."""
        return self.tp * self.pp * self.dp

    @property
    def chips_per_replica(self) -> int:
        """Chips that one attention replica spans."""
        return self.tp * self.pp

    @property
    def nodes(self) -> int:
        """Nodes of one instance."""
        return -(-self.chips // self.chips_per_node)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A deployment to launch: the Hugging Face id (or path) of a model, a framework's id, and its roles."""

    model: str
    framework: str
    roles: tuple[Role, ...]

    def __post_init__(self) -> None:
        """Refuse a model that is no id or path, and roles that do not make up a deployment. Raises UsageError."""
        if not self.model or self.model.startswith("-") or not self.model.isprintable():
            raise UsageError(f"no id of a model: {self.model!r}", "Give an id such as Qwen/Qwen3-32B, or a path.")
        names = tuple(role.name for role in self.roles)
        if names not in {("aggregated",), ("prefill", "decode")}:
            raise UsageError(
                f"the roles are {', '.join(names) or 'none'}", "A deployment is aggregated, or prefill and then decode."
            )

    @property
    def disaggregated(self) -> bool:
        """Whether prefill and decode run on instances of their own."""
        return len(self.roles) > 1
