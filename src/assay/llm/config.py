"""From a Hugging Face config.json to an Architecture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from assay.core.errors import Unsupported
from assay.llm.architecture import (
    Architecture,
    Block,
    CompressedSparseAttention,
    Ffn,
    GroupedQueryAttention,
    LatentAttention,
    Mixer,
)
from assay.llm.families import FAMILIES, GENERIC, Family
from assay.llm.ffns import Ffns
from assay.llm.fields import Fields
from assay.llm.hybrids import compressed_attention, hybrid_layer_types
from assay.llm.mixers import Mixers
from assay.llm.quantisation import mtp_quantised, native_precision
from assay.llm.vision import vision_parameters

MOST_LAYERS: Final = 1000
MTP_LAYERS: Final = ("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules")


def architecture(config: Mapping[str, Any], id: str, file: str) -> Architecture:
    """Return the architecture that a config.json describes.

    Parameters
    ----------
    config
        The content of the file. A vision-language wrapper is read through its `text_config`.
    id
        What the model is called in answers.
    file
        Named in messages.

    Raises
    ------
    BadData
        Keys are missing or broken; the error names them all.
    Unsupported
        The file describes something that is not a decoder of known layers, or a quantisation that is not modelled.

    Notes
    -----
    A `model_type` outside the table of families is read as a plain decoder where its fields suffice; `assumptions`
    of the result says so.
    """
    outer = Fields(config, file)
    text = outer.table("text_config") or outer
    model_type, family = _family(outer, text, file)
    traits = family.traits
    layers = _layer_count(text)
    mixers, ffns = family.mixers(text, traits, layers), family.ffns(text, traits, layers)
    hidden, vocab = text.integer("hidden_size"), text.integer("vocab_size")
    mtp_layers = _mtp_layers(text, family)
    vision, vision_note = vision_parameters(outer, hidden)
    quantised = outer if outer.has("quantization_config") or text is outer else text
    found = Architecture(
        id=id,
        model_type=model_type,
        hidden=hidden,
        vocab=vocab,
        blocks=_blocks(mixers, ffns),
        tied_embeddings=_tied(outer, text, default=traits.tied),
        max_context=text.integer("max_position_embeddings", default=2**17, high=2**40),
        native=native_precision(quantised, text, mixers, ffns),
        norms_per_sublayer=traits.norms,
        residual_streams=text.integer("hc_mult", default=1, high=64),
        mtp_layers=mtp_layers,
        mtp_block=_mtp_block(text, mixers, ffns) if mtp_layers else None,
        mtp_embeddings=traits.mtp_embeddings,
        mtp_quantised=mtp_quantised(quantised, layers),
        vision_parameters=vision,
    )
    outer.check()
    if not found.mixers or not found.ffns:
        raise Unsupported(f"{file} describes no layers of attention and FFN", "Pass the config.json of a decoder.")
    notes = (*_assumptions(found, text, family, model_type), vision_note)
    return replace(found, assumptions=tuple(note for note in notes if note))


def _family(outer: Fields, text: Fields, file: str) -> tuple[str, Family]:
    model_type = text.text("model_type", default="") or outer.text("model_type", default="")
    for name in (model_type, model_type.removesuffix("_text"), outer.text("model_type", default="")):
        if name in FAMILIES:
            return name, FAMILIES[name]
    if not text.has("hidden_size") and not text.has("num_attention_heads"):
        raise Unsupported(
            f"{file} describes no decoder: neither hidden_size nor num_attention_heads",
            "Pass the config.json of a language model as its repository publishes it.",
        )
    return model_type, GENERIC


def _layer_count(text: Fields) -> int:
    if text.has("num_hidden_layers"):
        return text.integer("num_hidden_layers", high=MOST_LAYERS)
    if text.has("layers_block_type", "hybrid_override_pattern"):
        return len(hybrid_layer_types(text))
    return text.integer("num_hidden_layers")


def _blocks(mixers: Mixers, ffns: Ffns) -> tuple[Block, ...]:
    pairs: Counter[tuple[Mixer | None, Ffn | None]] = Counter(zip(mixers, ffns, strict=False))
    return tuple(Block(count, mixer, ffn) for (mixer, ffn), count in pairs.items())


def _tied(outer: Fields, text: Fields, *, default: bool) -> bool:
    inner = text.flag("tie_word_embeddings", default=default)
    return outer.flag("tie_word_embeddings", default=inner)


def _mtp_layers(text: Fields, family: Family) -> int:
    layers = text.integer(*MTP_LAYERS, default=0, low=0, high=MOST_LAYERS)
    return layers if family.traits.mtp else 0


def _mtp_block(text: Fields, mixers: Mixers, ffns: Ffns) -> Block:
    """Return an MTP layer: like the last layer with softmax attention, but with an indexer of its own."""
    softmax = (GroupedQueryAttention, LatentAttention, CompressedSparseAttention)
    mixer = next((mixer for mixer in reversed(mixers) if isinstance(mixer, softmax)), None)
    if isinstance(mixer, LatentAttention) and mixer.indexer is not None:
        mixer = replace(mixer, indexer=replace(mixer.indexer, shared=False))
    if isinstance(mixer, CompressedSparseAttention):
        ratios = text.numbers("compress_ratios") or []
        mixer = compressed_attention(text, ratios[len(mixers)] if len(ratios) > len(mixers) else 0)
    return Block(1, mixer, next((ffn for ffn in reversed(ffns) if ffn is not None), None))


def _assumptions(found: Architecture, text: Fields, family: Family, model_type: str) -> list[str]:
    notes = [family.traits.assumes]
    if family is GENERIC and model_type not in FAMILIES:
        notes.append(f"model_type '{model_type}' is not in the table of families: read as a plain decoder")
    if found.mtp_block is not None:
        notes.append("the MTP layer is taken to be like the last layer with softmax attention")
    if text.has("attention_chunk_size"):
        notes.append("a chunk of attention counts as a sliding window of its length, its upper bound")
    for mixer in found.mixers:
        if isinstance(mixer, GroupedQueryAttention) and mixer.block_indexer is not None:
            notes.append("the index branch has a query and a 16-bit cached key for each index head")
            break
    if text.text("torch_dtype", "dtype", default="bfloat16") == "float32":
        notes.append("stored in float32, served in 16 bits")
    return notes
