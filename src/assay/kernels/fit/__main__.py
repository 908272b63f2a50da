"""`python -m assay.kernels.fit`: fit the coefficients again and write them where they ship."""

from __future__ import annotations

import argparse
from pathlib import Path

from assay.kernels.coefficients import DATA
from assay.kernels.fit.families import FAMILIES
from assay.kernels.fit.files import refit, write_left_out
from assay.kernels.fit.fit import fit_family, names_to_leave_out


def main() -> None:
    """Fit every family; with --leave-out, without a chip or a generation, into one file of that name."""
    parser = argparse.ArgumentParser(prog="python -m assay.kernels.fit", description=main.__doc__)
    parser.add_argument("--leave-out", metavar="NAME", default="", help="chip id, generation, or 'all': each in turn")
    parser.add_argument("--out", metavar="DIR", type=Path, default=DATA, help="default: the coefficients that ship")
    options = parser.parse_args()
    if not options.leave_out:
        refit(options.out)
        return
    names = names_to_leave_out() if options.leave_out == "all" else (options.leave_out,)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in names:
        found = {key: fit_family(family, name) for key, family in FAMILIES.items() if family.has(name)}
        write_left_out(options.out / f"{name}.json", found)


if __name__ == "__main__":
    main()
