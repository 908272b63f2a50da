"""The scoreboard of the kernels as a page of the documentation.

`python -m assay.validation.kernel_page` prints it; it needs the extra `validation`, and a few minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from assay.kernels.fit.families import FAMILIES
from assay.validation.intervals import coverage
from assay.validation.kernel_measurements import FORMS
from assay.validation.kernels import MOST_ROWS, SOURCE, score_kernels
from assay.validation.left_out import LeftOut
from assay.validation.score import Group, Score

HEAD: Final = """# Kernels: predicted against measured

<!-- Written by `python -m assay.validation.kernel_page > docs/validation-kernels.md`; do not edit. -->

Source: {source}. A hash of the shape decides which half a row is in, so a shape is on the same side on every chip;
at most {most} rows of each chip, framework and kernel class. Errors are |predicted - measured| / measured in %: median
/ 90th percentile / median signed bias. *Seen*: all chips in the fit. *Chip left out*: the chip in no coefficient, its
siblings in. *Generation left out*: no chip of its generation. B300, GB200 and GB300, whose die B200 shares, are left
out of the pooled rows, and so is the Intel card.

The same on a terminal, by family, chip, class, regime and grade: `assay validate kernels --leave-out chip`. The
coefficients, all of them: `python -m assay.kernels.fit` (a minute, the same bytes every time); without each chip or
generation (four minutes):
`python -m assay.kernels.fit --leave-out all --out src/assay/validation/data/left_out`.
"""
OWN: Final = """## Your own measurements

`assay validate kernels --measurements FILE.csv` scores a CSV with the columns `op`, `shape`, `dtype`, `chip`,
`seconds`, and optionally `framework`, `kernel` (its class: fa3, flashinfer, triton, deepgemm, ...) and `id`:

```csv
op,shape,dtype,chip,seconds,framework
gemm,m=64;n=4096;k=4096,bf16,h20,2.2e-5,sglang
decode_attention,batch=64;kv_tokens=8192;heads=32;kv_heads=8;head_dim=128,bf16,h20,8.4e-4,sglang
```
"""


def main() -> None:
    """Print the page."""
    sys.stdout.write("\n".join(page()) + "\n")


def page() -> Iterable[str]:
    """Yield the blocks of the page."""
    scores: dict[LeftOut, Score] = {"": score_kernels(), "chip": score_kernels("chip")}
    scores["generation"] = score_kernels("generation")
    yield HEAD.format(source=SOURCE, most=MOST_ROWS)
    yield "## By family\n"
    head = ("family", "rows", "seen", "chip left out", "generation left out")
    pooled = {key: _groups(score, "family") for key, score in scores.items()}
    yield _table(
        head,
        [
            (name, str(pooled[""][(name,)].n), *(_errors(groups.get((name,))) for groups in pooled.values()))
            for name in FAMILIES
            if (name,) in pooled[""]
        ],
    )
    yield "## By chip, chip left out; worst first\n"
    by_chip = _groups(scores["chip"], "family", "chip")
    rows = sorted(by_chip.values(), key=lambda group: (group.by["family"], -group.median_ape))
    lines = []
    for family, groups in groupby(rows, key=lambda group: group.by["family"]):
        lines.append((family, "; ".join(f"{group.by['chip']} {_errors(group)}" for group in groups)))
    yield _table(("family", "chips"), lines)
    yield "## 80 % intervals\n"
    yield (
        "Quantiles of the log error on left-out chips, by family and regime (below 20 us, to 200 us, above), chips\n"
        "weighing the same: narrow for a sibling of a measured chip, wider for a new generation, widest for another\n"
        "vendor. Coverage is that of a chip by intervals from the others (new generation: from other generations).\n"
        "Residuals of one chip share a bias, so one chip lies above, one below; the mean is what 80 % promises.\n"
    )
    found = coverage()
    yield _table(
        ("grade", "chip", "rows", "inside, %", "median half width, %"),
        [(c.grade, c.chip, str(c.rows), f"{100 * c.inside:.0f}", f"{100 * c.width:.0f}") for c in found],
    )
    for grade in ("sibling", "new generation"):
        mine = [c for c in found if c.grade == grade]
        mean = sum(c.inside for c in mine) / len(mine)
        yield f"{grade}: {100 * mean:.0f} % over chips, {100 * min(c.inside for c in mine):.0f} % on the worst.\n"
    yield OWN
    yield _table(
        ("op", "keys of the shape", "optional", "dtype"),
        [
            (name, ", ".join(form.keys), ", ".join(form.optional), ", ".join(form.formats) or "any")
            for name, form in FORMS.items()
        ],
    )


def _groups(score: Score, *keys: str) -> dict[tuple[str, ...], Group]:
    return {tuple(group.by.values()): group for group in score.groups if tuple(group.by) == keys}


def _errors(group: Group | None) -> str:
    if group is None:
        return "-"
    return f"{100 * group.median_ape:.1f} / {100 * group.p90_ape:.0f} / {100 * group.bias:+.0f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    main()
