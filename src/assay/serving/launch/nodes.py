"""How the chips of an instance lie on nodes."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.errors import Unsupported
from assay.serving.launch.recipe import Role


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of one instance; `local_replicas` is 0 where one attention replica spans several of them."""

    count: int
    chips_each: int
    local_replicas: int


def nodes_of(role: Role) -> Nodes:
    """Return how an instance lies on nodes, all of which take equally many chips.

    Raises
    ------
    Unsupported
        Where nodes would have to take different numbers of chips, or an attention replica part of a node more.
    """
    each, left = divmod(role.chips, role.nodes)
    across = each % role.chips_per_replica and role.chips_per_replica % each
    if left or across:
        raise Unsupported(
            f"the {role.name} role puts {role.chips} chips on nodes of {role.chips_per_node}: "
            f"no equal share holds whole groups of tp x pp = {role.chips_per_replica}",
            "Choose tp, pp and dp that divide the chips of a node.",
        )
    return Nodes(role.nodes, each, each // role.chips_per_replica)
