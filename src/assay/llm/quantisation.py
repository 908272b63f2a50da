"""From a quantization_config to the format of each part of a model."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Final

from assay.core.errors import Unsupported
from assay.llm.architecture import DenseFfn, MoeFfn
from assay.llm.ffns import Ffns
from assay.llm.fields import Fields
from assay.llm.mixers import Mixers
from assay.llm.precision import KvFormat, Precision, WeightFormat

IGNORED: Final = ("modules_to_not_convert", "ignore", "exclude_modules", "ignored_layers")

ALGORITHMS: Final[dict[str, WeightFormat]] = {
    "FP8": "fp8",
    "FP8_PB_WO": "fp8_block",
    "NVFP4": "nvfp4",
    "NVFP4_AWQ": "nvfp4",
    "W4A16_NVFP4": "int4_wo",  # the same bytes, multiplied in 16 bits
    "W4A16_AWQ": "int4_wo",
    "W8A16": "int8_wo",
    "W8A8_SQ_PER_CHANNEL": "int8",
}
"""Names that modelopt gives, and what runs."""

WEIGHT_ONLY: Final[dict[int, WeightFormat]] = {4: "int4_wo", 8: "int8_wo"}
"""Integer weights by bits (gptq, awq, compressed-tensors)."""

PARTS: Final[dict[str, tuple[str, ...]]] = {
    "attention": ("self_attn.o_proj", "linear_attn.out_proj", "mixer.out_proj"),
    "dense": ("mlp.down_proj", "mixer.down_proj"),
    "experts": ("mlp.experts", "mlp.experts.0.down_proj", "block_sparse_moe.experts.0.w2", "mixer.experts.0.down_proj"),
    "shared": ("mlp.shared_experts.down_proj", "mlp.shared_expert.down_proj", "mixer.shared_experts.down_proj"),
}
"""Modules that stand for a part, by the names that families give them."""


def native_precision(holder: Fields, text: Fields, mixers: Mixers, ffns: Ffns) -> Precision:
    """Return the formats of a checkpoint by part.

    A part takes the format of the rule that names one of its modules, else the general one; a part with a module on
    the list of modules left alone stays in 16 bits, and so does the head unless a rule names it.

    Raises
    ------
    Unsupported
        A method or a width of weights that Assay has no kernels for.
    """
    table = holder.table("quantization_config")
    if table is None:
        return Precision()
    ignored = _ignored(table)
    rules, general = _rules(table)
    formats: dict[str, WeightFormat] = {}
    for part, names in _modules(mixers, ffns).items():
        format = next((named for pattern, named in rules if any(_names(pattern, name) for name in names)), general)
        if part == "experts" and text.text("expert_dtype", default="") == "fp4":
            format = "w4a8_mxfp4_mxfp8"
        alone = any(_names(pattern, name) for pattern in ignored for name in names)
        formats[part] = "bf16" if alone or format is None else format
    head = next((named for pattern, named in rules if _names(pattern, "lm_head")), None)
    return Precision(
        attention=formats["attention"],
        dense=formats["dense"],
        experts=formats["experts"],
        shared=formats["shared"],
        head=head or "bf16",
        kv=_cache_format(table),
        static_scales=_static_scales(table),
    )


def mtp_quantised(holder: Fields, layers: int) -> bool:
    """Whether the MTP layer, called `mtp` or counted on after the others, is quantised like them."""
    table = holder.table("quantization_config")
    if table is None:
        return True
    names = ("mtp.layers.0.mlp.down_proj", f"layers.{layers}.mlp.down_proj", f"layers.{layers}.mlp.experts")
    alone = any(_names(pattern, name) for pattern in _ignored(table) for name in names)
    return not alone and _rules(table)[1] is not None


def _ignored(table: Fields) -> list[str]:
    return [pattern for key in IGNORED for pattern in table.texts(key) or ()]


def _modules(mixers: Mixers, ffns: Ffns) -> dict[str, tuple[str, ...]]:
    """Return the names of PARTS, each in a layer that has the part."""
    routed = next((layer for layer in reversed(range(len(ffns))) if isinstance(ffns[layer], MoeFfn)), 0)
    plain = next((layer for layer in range(len(ffns)) if isinstance(ffns[layer], DenseFfn)), 0)
    mixing = next((layer for layer in reversed(range(len(mixers))) if mixers[layer] is not None), 0)
    layer = {"attention": mixing, "dense": plain, "experts": routed, "shared": routed}
    return {part: tuple(f"layers.{layer[part]}.{name}" for name in names) for part, names in PARTS.items()}


def _names(pattern: str, module: str) -> bool:
    """Whether a regular expression (re:), a glob or a name stands for a module or one that contains it."""
    if pattern.startswith("re:"):
        try:
            return re.match(pattern[3:], f"model.{module}") is not None
        except re.error:
            return False
    core = re.sub(r"^(?:model\.|language_model\.)+", "", pattern)
    return fnmatchcase(f".{module}.", f"*.{core}.*")


def _rules(table: Fields) -> tuple[list[tuple[str, WeightFormat]], WeightFormat | None]:
    """Return the formats by pattern of module, and the format of all the others."""
    layers = table.table("quantized_layers")
    if layers is not None:
        entries = ((name, layers.table(name)) for name in layers.names())
        return [(name, _algorithm(entry.text("quant_algo"))) for name, entry in entries if entry is not None], None
    groups = table.table("config_groups")
    if groups is None:
        return [], _general(table)
    rules: list[tuple[str, WeightFormat]] = []
    general: WeightFormat | None = None
    for name in groups.names():
        group = groups.table(name)
        if group is None:
            continue
        format = _group(group, table)
        targets = group.texts("targets") or ["Linear"]
        general = format if "Linear" in targets else general
        rules += [(target, format) for target in targets if target != "Linear"]
    return rules, general


def _general(table: Fields) -> WeightFormat:
    method = table.text("quant_method", default="")
    if table.has("quant_algo"):
        return _algorithm(table.text("quant_algo"))
    if method in ("fp8", "fbgemm_fp8"):
        return "fp8_block" if table.numbers("weight_block_size") else "fp8"
    if method == "mxfp4":
        return "w4a16_mxfp4"
    if method in ("gptq", "awq"):
        bits = table.integer("bits", default=4)
        if bits in WEIGHT_ONLY:
            return WEIGHT_ONLY[bits]
    raise _unsupported(f"quant_method '{method[:40]}'")


def _algorithm(name: str) -> WeightFormat:
    if name not in ALGORITHMS:
        raise _unsupported(f"quant_algo '{name[:40]}'")
    return ALGORITHMS[name]


def _group(group: Fields, table: Fields) -> WeightFormat:
    """Return the format of a group of compressed-tensors or modelopt."""
    weights = group.table("weights")
    if weights is None:
        group.fault("weights", "is missing")
        return "bf16"
    bits, kind = weights.integer("num_bits"), weights.text("type", default="int")
    packed = group.text("format", default="") or table.text("format", default="")
    if kind == "float" and bits == 4:
        return "w4a16_mxfp4" if packed.startswith("mxfp4") else "nvfp4"
    if kind == "float" and bits == 8:
        return "fp8_block" if weights.text("strategy", default="") == "block" else "fp8"
    if kind == "int" and bits == 8 and group.has("input_activations"):
        return "int8"
    if kind == "int" and bits in WEIGHT_ONLY:
        return WEIGHT_ONLY[bits]
    raise _unsupported(f"{bits}-bit weights of type '{kind[:20]}'")


def _static_scales(table: Fields) -> bool:
    """Whether 8-bit activations are scaled by numbers in the checkpoint."""
    if table.text("activation_scheme", default="") == "static" or table.text("quant_algo", default="") == "FP8":
        return True
    groups = table.table("config_groups")
    for name in groups.names() if groups is not None else ():
        group = groups.table(name) if groups is not None else None
        activations = group.table("input_activations") if group is not None else None
        if activations is not None and activations.integer("num_bits", default=16) == 8:
            return not activations.flag("dynamic", default=True)
    return False


def _cache_format(table: Fields) -> KvFormat:
    """Return the format of the KV cache that the checkpoint has scales for."""
    scheme = table.table("kv_cache_scheme")
    return "fp8" if scheme is not None and scheme.integer("num_bits", default=16) == 8 else "bf16"


def _unsupported(what: str) -> Unsupported:
    return Unsupported(
        f"{what} is not modelled",
        "Modelled: fp8 (per tensor and 128 x 128 blocks), nvfp4, mxfp4, int4 and int8; or pass a config.json without "
        "its quantization_config.",
    )
