"""Results in lines for people: headroom, differences, the timeline, the matrix, conformance, screening, red flags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from assay.export.change import Difference
from assay.export.condition import SAID
from assay.export.conformance import Conformance
from assay.export.headroom import Headroom, Line
from assay.export.law import law
from assay.export.matrix import Matrix
from assay.export.red_flags import Flag
from assay.export.screening import Screening
from assay.export.timeline import Timeline

MARKS = {True: "L", False: ".", None: "?"}


def headroom_lines(found: Headroom) -> Iterator[str]:
    """Yield the distance to every line, and the TPP at which the classification turns."""
    yield f"{found.item.name} on {found.on}: {found.level}. {law().notice}"
    yield ""
    rows = [("measure", "value", "line", "line / value", "rule"), *(_row(line) for line in found.lines)]
    yield from _table(rows)
    if found.next_tpp is not None and found.item.tpp:
        factor = found.next_tpp / found.item.tpp
        yield ""
        yield f"From a TPP of {found.next_tpp:,.6g} ({factor:.3f} times its own) it is {found.next_level}."


def difference_lines(found: Difference) -> Iterator[str]:
    """Yield each field that changed, and the instruments that did it."""
    first, second = found.before.request.date, found.after.request.date
    yield f"{found.before.request.item.name}, {first} and {second}. {law().notice}"
    if not found.fields:
        yield "nothing changed"
    for field, before, after in found.fields:
        yield f"  {field.replace('_', ' ')}: {_shown(before)} -> {_shown(after)}"
    for version in found.causes:
        yield f"by {version.instrument or version.cite}: {version.title}"
    for warning in found.as_dict()["warnings"]:
        yield f"warning: {warning}"


def timeline_lines(found: Timeline) -> Iterator[str]:
    """Yield each dated step, then the days on which the answer became another."""
    for event in found.events:
        state = f" [{event.state}]" if event.state else ""
        yield f"{event.date} {event.jurisdiction:6} {event.instrument}: {event.effect}{state}"
    if found.turns:
        yield ""
        yield f"the answer. {law().notice}"
    for turn in found.turns:
        causes = ", ".join(dict.fromkeys(rule.instrument or rule.cite for rule in turn.causes))
        yield f"{turn.on} licence {turn.status}" + (f" ({causes})" if causes else "")


def matrix_lines(found: Matrix) -> Iterator[str]:
    """Yield one line a chip: L where a licence is required, . where not, ? where it cannot be said."""
    yield f"{found.on}: L licence required, . not required, ? unknown. {law().notice}"
    for warning in found.as_dict()["warnings"]:
        yield f"warning: {warning}"
    rows: list[Sequence[str]] = [("chip", "eccn", *found.destinations)]
    for chip, row in zip(found.chips, found.verdicts, strict=True):
        rows.append((chip, row[0].eccn or "?", *(MARKS[verdict.licence_required] for verdict in row)))
    yield from _table(rows)


def conformance_lines(found: Conformance) -> Iterator[str]:
    """Yield the agreement by field, every disagreement and every anomaly."""
    yield f"{found.rows} rows"
    for field, stated in found.stated.items():
        yield f"  {field}: {found.agree[field]} of {stated} agree"
    for finding in found.disagreements:
        yield f"{finding.id} {finding.chip}, {finding.field}: stated '{finding.stated}', found '{finding.answer}'"
    for finding in found.anomalies:
        yield f"{finding.id} {finding.chip}, {finding.field}: stated '{finding.stated}'; {finding.anomaly}"
    for id, cell in found.unread:
        yield f"{id}: '{cell}' could not be read, and is taken as not known"


def screening_lines(found: Screening) -> Iterator[str]:
    """Yield every hit, then what listed parties own."""
    if not found.hits:
        yield "no hit; this clears nobody: names change, and lists do"
    for hit in found.hits:
        same = {True: ", same country", False: ", another country", None: ""}[hit.same_country]
        yield f"{hit.score:5.1f} {hit.matched} ({hit.party.list or 'list'}{same})"
    if found.ownership is not None:
        share = f"{found.ownership.share:.0%} owned by listed parties"
        reached = "the 50 % rule reaches it" if found.ownership.affiliate else "below 50 %"
        yield f"{share}: {reached}" + "".join(f"; {owner}" for owner in found.ownership.through)


def red_flag_lines(flags: Iterable[Flag]) -> Iterator[str]:
    """Yield every question with its outcome, and why it matters."""
    words = {True: "RAISED", False: "clear", None: "open"}
    for flag in flags:
        yield f"{words[flag.raised]:6} {flag.question} [{flag.fact}]"
        yield f"       {flag.why} ({flag.basis})"


def _row(line: Line) -> tuple[str, str, str, str, str]:
    value = "unknown" if line.value is None else f"{line.value:,.4g}" if line.value < 1000 else f"{line.value:,.0f}"
    factor = "" if line.factor is None else f"{line.factor:.3f}{' past' if line.past else ''}"
    return line.measure, value, f"{line.test} {line.line:,.6g}", factor, ", ".join(line.rules)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(part) for part in value) or "none"
    return SAID[value] if isinstance(value, bool) or value is None else str(value)
