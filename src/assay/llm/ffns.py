"""From the fields of a config.json to the FFN of each layer."""

from __future__ import annotations

from typing import Final

from assay.llm.architecture import DenseFfn, Ffn, MoeFfn
from assay.llm.fields import Fields
from assay.llm.hybrids import hybrid_layer_types
from assay.llm.traits import Traits

Ffns = list[Ffn | None]

EXPERTS: Final = ("num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts")
TOP_K: Final = (
    "num_experts_per_tok",
    "num_experts_per_token",
    "experts_per_token",
    "top_k_experts",
    "moe_topk",
    "moe_k",
    "moe_top_k",
)
EXPERT_WIDTH: Final = ("moe_intermediate_size", "intermediate_size")
DENSE_WIDTH: Final = ("dense_intermediate_size", "intermediate_size_mlp", "intermediate_size")
SHARED_EXPERTS: Final = ("n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts")
SHARED_WIDTH: Final = (
    "shared_expert_intermediate_size",
    "moe_shared_expert_intermediate_size",
    "shared_intermediate_size",
    "share_expert_dim",
)


def feed_forward(fields: Fields, traits: Traits, layers: int) -> Ffns:
    """Experts where the config has them, but for the layers it leaves dense."""
    if not fields.has(*EXPERTS):
        return [dense(fields, traits)] * layers
    routed = expert_layers(fields, layers)
    experts = mixture(fields, traits)
    plain = None if all(routed) else dense(fields, traits)
    return [experts if is_routed else plain for is_routed in routed]


def dense(fields: Fields, traits: Traits) -> DenseFfn:
    """Read a dense MLP."""
    bias = fields.flag("mlp_bias", default=False)
    return DenseFfn(fields.integer(*DENSE_WIDTH), gated=traits.gated, bias=bias)


def mixture(fields: Fields, traits: Traits) -> MoeFfn:
    """Read a layer of experts."""
    experts, top_k = fields.integer(*EXPERTS), fields.integer(*TOP_K)
    if top_k > experts:
        fields.fault(TOP_K[0], f"must not exceed the {experts} experts (given {top_k})")
        top_k = experts
    width = fields.integer(*EXPERT_WIDTH)
    return MoeFfn(
        experts=experts,
        top_k=top_k,
        intermediate=width,
        shared_intermediate=_shared_width(fields, width),
        gated=traits.gated,
        bias=traits.expert_bias,
        latent=fields.optional("moe_latent_size", "routed_expert_hidden_size"),
        shared_gate=traits.shared_gate,
        router_bias=traits.router_bias,
    )


def llama4_feed_forward(fields: Fields, traits: Traits, layers: int) -> Ffns:
    """Llama 4: every n-th layer has experts and one shared expert of the same width."""
    routed, plain = mixture(fields, traits), dense(fields, traits)
    experts = MoeFfn(routed.experts, routed.top_k, routed.intermediate, shared_intermediate=routed.intermediate)
    return [experts if is_routed else plain for is_routed in expert_layers(fields, layers)]


def gemma4_feed_forward(fields: Fields, traits: Traits, layers: int) -> Ffns:
    """Gemma 4: a dense MLP, in the MoE models with experts beside it."""
    if not fields.flag("enable_moe_block", default=False):
        return [dense(fields, traits)] * layers
    routed, plain = mixture(fields, traits), dense(fields, traits)
    beside = MoeFfn(routed.experts, routed.top_k, routed.intermediate, shared_intermediate=plain.intermediate)
    return [beside] * layers


def nemotron_feed_forward(fields: Fields, traits: Traits, _layers: int) -> Ffns:
    """Nemotron-H: experts or a plain MLP where the layer is that."""
    types = hybrid_layer_types(fields)
    routed = mixture(fields, traits) if "moe" in types else None
    plain = dense(fields, traits) if "mlp" in types else None
    known: dict[str, Ffn | None] = {"moe": routed, "mlp": plain}
    return [known.get(kind) for kind in types]


def searched_feed_forward(fields: Fields, traits: Traits, layers: int) -> Ffns:
    """Nemotron-NAS: a multiple of the hidden size by layer, 2/3 of it for a gated MLP, rounded up to 256."""
    hidden = fields.integer("hidden_size")
    found: Ffns = []
    for block in fields.tables("block_configs", layers):
        table = block.table("ffn")
        if table is None:
            block.fault("ffn", "is missing")
        elif table.flag("no_op", default=False):
            found.append(None)
        elif table.flag("replace_with_linear", default=False):
            table.fault("replace_with_linear", "an FFN replaced by a linear layer is not modelled")
        else:
            width = int(2 * table.number("ffn_mult") * hidden / 3)
            found.append(DenseFfn(-(-width // 256) * 256, gated=traits.gated))
    return found


def expert_layers(fields: Fields, layers: int) -> list[bool]:
    """Which layers have experts: as a list says, else all after the first dense ones, in steps."""
    types = fields.texts("mlp_layer_types", layers)
    if types is not None:
        return [kind == "sparse" for kind in types]
    if fields.has("moe_layers_enum"):
        places = {place.strip() for place in fields.text("moe_layers_enum").split(",")}
        return [str(layer) in places for layer in range(layers)]
    if fields.is_list("moe_layer_freq"):
        return [place == 1 for place in fields.numbers("moe_layer_freq", layers) or [1] * layers]
    first = fields.integer("first_k_dense_replace", "moe_layer_start_index", default=0, low=0)
    last = fields.integer("moe_layer_end_index", default=layers, low=-1)
    frequency = fields.integer("moe_layer_freq", "moe_layer_interval", default=1)
    step = fields.integer("decoder_sparse_step", "interleave_moe_layer_step", default=1)
    exempt = set(fields.numbers("mlp_only_layers") or ())
    return [
        first <= layer <= (layers if last == -1 else last)
        and layer % frequency == 0
        and (layer + 1) % step == 0
        and layer not in exempt
        for layer in range(layers)
    ]


def _shared_width(fields: Fields, width: int) -> int:
    """Width of all shared experts together."""
    count = fields.integer(*SHARED_EXPERTS, default=0, low=0)
    if fields.has(*SHARED_WIDTH):
        return fields.integer(*SHARED_WIDTH, low=0) * max(count, 1)
    return count * width
