"""Coefficients that have not seen a chip, or its generation: fitted beforehand, one small file each."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final, Literal

from assay.catalogue.chip import chip
from assay.kernels.coefficients import Coefficients, read_coefficients, shipped

LeftOut = Literal["", "chip", "generation"]

DATA: Final = Path(str(resources.files("assay.validation"))) / "data" / "left_out"
"""Written by `python -m assay.kernels.fit --leave-out all --out src/assay/validation/data/left_out`."""


def coefficients(chip_id: str, left_out: LeftOut) -> Coefficients:
    """Return the coefficients for predicting a chip without having seen it, or any of its generation.

    A chip of no fit gets those that ship, or those without its generation. So does a family in which the chip was never
    measured: the coefficients that ship have not seen it there. A kernel class that only the chip has is left with the
    mean of the others.

    Parameters
    ----------
    chip_id
        Catalogue id.
    left_out
        "chip", "generation", or "": nothing.
    """
    if not left_out:
        return shipped()
    generation = chip(chip_id).generation
    names = (generation, chip_id) if left_out == "generation" else (chip_id,)
    return next((found for name in names if (found := _without(name)) is not None), shipped())


@cache
def _without(name: str) -> Coefficients | None:
    path = DATA / f"{name}.json"
    return shipped().with_families(read_coefficients([path]).families) if path.exists() else None
