"""Vega-Lite charts as pictures, drawn here without a browser and without a network."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from assay.core.errors import Unsupported


def svg(spec: dict[str, Any]) -> str:
    """Draw a chart as SVG.

    Raises
    ------
    Unsupported
        vl-convert is not installed.
    """
    picture: str = _renderer().vegalite_to_svg(spec, allowed_base_urls=[])
    return picture


def png(spec: dict[str, Any], scale: float = 2.0) -> bytes:
    """Draw a chart as PNG, with `scale` dots a pixel.

    Raises
    ------
    Unsupported
        vl-convert is not installed.
    """
    picture: bytes = _renderer().vegalite_to_png(spec, scale=scale, allowed_base_urls=[])
    return picture


def _renderer() -> ModuleType:
    try:
        import vl_convert
    except ImportError as error:
        raise Unsupported("drawing charts needs vl-convert", "Install it: pip install 'assay[charts]'.") from error
    return vl_convert
