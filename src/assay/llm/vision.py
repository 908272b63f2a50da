"""Parameters of vision towers and their projectors. Their compute is left out."""

from __future__ import annotations

from assay.llm.fields import Fields

LEFT_OUT = "the compute of the vision tower is left out; its weights take memory"


def vision_parameters(outer: Fields, text_hidden: int) -> tuple[int, str]:
    """Return the parameters of the tower that a config's `vision_config` describes, and a note about it."""
    table = outer.table("vision_config")
    if table is None:
        return 0, ""
    if table.has("num_position_embeddings"):
        return _qwen(table), LEFT_OUT
    if table.has("vt_hidden_size"):
        return _moonvit(table, text_hidden), LEFT_OUT
    if table.has("pooling_kernel_size"):
        return _gemma4(table, text_hidden), LEFT_OUT
    if all(table.has(key) for key in ("num_hidden_layers", "hidden_size", "intermediate_size", "patch_size")):
        return _siglip(table, text_hidden), f"{LEFT_OUT}; the tower is counted as a plain ViT with a linear projector"
    return 0, "the vision tower is of an unknown kind and not counted"


def _encoder(hidden: int, attention: int, intermediate: int, *, gated: bool, bias: bool, norm: int) -> int:
    """One encoder layer; `norm` parameters in all its norms."""
    matrices = 4 * hidden * attention + (3 if gated else 2) * hidden * intermediate
    biases = 3 * attention + hidden + (2 if gated else 1) * intermediate + hidden
    return matrices + norm + (biases if bias else 0)


def _qwen(table: Fields) -> int:
    """Qwen3-VL: 3D patches, learned positions, a merger of 2 x 2 patches, and one more for each deepstack layer."""
    hidden, intermediate = table.integer("hidden_size"), table.integer("intermediate_size")
    patch = table.integer("patch_size") ** 2 * table.integer("temporal_patch_size", default=2)
    merged = hidden * table.integer("spatial_merge_size", default=2) ** 2
    out = table.integer("out_hidden_size")
    layer = _encoder(hidden, hidden, intermediate, gated=False, bias=True, norm=4 * hidden)
    embedding = table.integer("in_channels", default=3) * patch * hidden + hidden
    positions = table.integer("num_position_embeddings") * hidden
    merger = merged * merged + merged + merged * out + out
    deep = len(table.numbers("deepstack_visual_indexes") or ())
    mergers = merger + 2 * hidden + deep * (merger + 2 * merged)
    return table.integer("depth") * layer + embedding + positions + mergers


def _moonvit(table: Fields, text_hidden: int) -> int:
    """Kimi: MoonViT with learned positions on a grid, and a two-layer projector of 2 x 2 patches."""
    hidden, intermediate = table.integer("vt_hidden_size"), table.integer("vt_intermediate_size")
    bias = table.flag("linear_bias", default=True)
    norm = 2 * hidden if table.text("norm_type", default="layernorm") == "rmsnorm" else 4 * hidden
    attention = table.integer("qkv_hidden_size", default=hidden)
    layer = _encoder(hidden, attention, intermediate, gated=False, bias=bias, norm=norm)
    patch = 3 * table.integer("patch_size") ** 2 * hidden
    biased_patch = hidden if table.flag("patch_embed_proj_bias", default=True) else 0
    positions = table.integer("init_pos_emb_height") * table.integer("init_pos_emb_width") * hidden
    merged = 4 * table.integer("mm_hidden_size", default=hidden)
    projector = 2 * hidden + merged * merged + merged + merged * text_hidden + text_hidden
    return table.integer("vt_num_hidden_layers") * layer + patch + biased_patch + positions + norm // 2 + projector


def _gemma4(table: Fields, text_hidden: int) -> int:
    """Gemma 4: gated MLPs, four norms and QK norm a layer, positions in two tables, a linear projector."""
    hidden, heads = table.integer("hidden_size"), table.integer("num_attention_heads")
    head_dim = table.integer("head_dim", default=max(hidden // heads, 1))
    norm = 4 * hidden + 2 * head_dim
    width = table.integer("intermediate_size")
    layer = _encoder(hidden, heads * head_dim, width, gated=True, bias=False, norm=norm)
    patch = 3 * table.integer("patch_size") ** 2 * hidden
    positions = 2 * table.integer("position_embedding_size") * hidden
    standard = 2 * hidden if table.flag("standardize", default=False) else 0
    return table.integer("num_hidden_layers") * layer + patch + positions + standard + hidden * text_hidden


def _siglip(table: Fields, text_hidden: int) -> int:
    """SigLIP and ViTs like it: biased layers, learned positions, a linear projector."""
    hidden, intermediate = table.integer("hidden_size"), table.integer("intermediate_size")
    layer = _encoder(hidden, hidden, intermediate, gated=False, bias=True, norm=4 * hidden)
    patch, image = table.integer("patch_size"), table.integer("image_size", default=0, low=0)
    positions = (image // patch) ** 2 * hidden
    embedding = 3 * patch * patch * hidden + hidden
    return table.integer("num_hidden_layers") * layer + embedding + positions + 2 * hidden + hidden * (text_hidden + 1)
