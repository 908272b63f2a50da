"""Every file that a user may bring: whatever is in it, it is read or refused with its name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assay.core.errors import BadData
from assay.export.ownership import read_stakes
from assay.export.party import read_parties
from assay.export.red_flags import read_answers
from assay.export.rulebook import read_rules
from assay.export.vector import read_vectors

DOORS: dict[str, Callable[[Path], object]] = {
    "list.json": read_parties,
    "list.csv": read_parties,
    "list.tsv": read_parties,
    "owners.csv": read_stakes,
    "answers.toml": read_answers,
    "vectors.csv": read_vectors,
    "rule.toml": lambda path: read_rules(path.parent),
}
HEADS = ["", "name,country\n", "owner,owned,share\n", "id,chip,date\n", '{"results": [', 'id = "r"\n', "\ufeffname\n"]


@pytest.mark.parametrize("file", DOORS)
@given(head=st.sampled_from(HEADS), rest=st.text(max_size=60) | st.binary(max_size=60))
@example(head="name,country\n", rest='"\0')
@example(head="name\n", rest="a,b,c\n")
@example(head="id,chip,date\n", rest="1,H100,2026-02-30\n")
@example(head='{"results": [', rest='{"name": {"x": 1}, "countries": [["cn"], null]}]}')
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_content_is_read_or_refused(file: str, head: str, rest: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / file
    path.write_bytes(head.encode() + (rest if isinstance(rest, bytes) else rest.encode("utf-8", "replace")))
    with suppress(BadData):
        DOORS[file](path)


@pytest.mark.parametrize("file", [name for name in DOORS if name != "rule.toml"])
def test_a_missing_file_is_refused(file: str, tmp_path: Path) -> None:
    with pytest.raises(BadData, match=file):
        DOORS[file](tmp_path / file)
