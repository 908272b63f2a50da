"""Broken traces: one error, the lines at fault, never anything else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import AssayError, BadData, UsageError
from assay.serving.traffic.trace import Format, load_trace, read_trace

OWN = b"arrival_s,input_tokens,output_tokens,session\n"
AZURE = b"TIMESTAMP,ContextTokens,GeneratedTokens\n"
HEADERS = [
    b"",
    OWN,
    AZURE,
    b"Timestamp,Session ID,Request tokens,Response tokens\n",
    b"arrived_at,num_prefill_tokens,num_decode_tokens\n",
    b'{"timestamp": 0, "input_length": 600, "output_length": 2, "hash_ids": [0, 1]}\n',
]
CELLS = st.sampled_from(
    [
        *(b"0", b"1", b"1.5", b"-1", b"nan", b"inf", b"1e300", b"9" * 400, b"9" * 5000, b"None", b"12_3"),
        *(b"", b'"', b"\x00", b"\xff", b"\r", b"{", b"[" * 3000),
        *(b"2023-11-16 18:17:03.9799600", b"2023-13-16 18:17:03", b"now"),
    ]
)
WIDE = b"session" * 20
"""Makes more than 1 MiB of 12,000 lines."""
LINES = st.lists(st.lists(CELLS, min_size=1, max_size=5).map(b",".join), max_size=8).map(b"\n".join)
VALUES = st.sampled_from(
    ["0", "1", "1024", "-5", "1.5", "1e300", "NaN", "-Infinity", "null", "true", '"a"', "[]", "{}"]
)
OBJECTS = st.lists(
    st.tuples(VALUES, VALUES, VALUES, st.sampled_from(["[]", "[1, 2]", "[1.5]", "[true]", "7", "null", "[" * 999]))
).map(
    lambda rows: "\n".join(
        f'{{"timestamp": {time}, "input_length": {given}, "output_length": {made}, "hash_ids": {ids}}}'
        for time, given, made, ids in rows
    ).encode()
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("traces")


def written(folder: Path, content: bytes) -> Path:
    path = folder / "trace"
    path.write_bytes(content)
    return path


def error_of(folder: Path, content: bytes) -> BadData:
    with pytest.raises(BadData) as caught:
        read_trace(written(folder, content))
    return caught.value


@given(st.sampled_from(HEADERS), st.binary() | LINES | OBJECTS)
def test_any_bytes_are_requests_or_an_error_for_people(folder: Path, header: bytes, rest: bytes) -> None:
    try:
        requests = read_trace(written(folder, header + rest))
    except AssayError as error:
        assert error.message  # noqa: PT017  # either outcome is right
    else:
        assert len(requests) >= 1
        assert requests.arrival_s[0] == 0


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"2,-5,10,", "input_tokens '-5' is not a whole number from 1"),
        (b"2,0,10,", "input_tokens '0' is not a whole number from 1"),
        (b"2,10,0,", "output_tokens '0' is not a whole number from 1"),
        (b"2,10,1.5,", "output_tokens '1.5' is not a whole number"),
        (b"2,many,10,", "input_tokens 'many' is not a number"),
        (b"2,nan,10,", "input_tokens 'nan' is not a whole number"),
        (b"2,10,9999999999,", "not a whole number from 1 to 1,000,000,000"),
        (b"soon,10,10,", "the time 'soon' is not a number of seconds"),
        (b"inf,10,10,", "the time 'inf' is not a number of seconds"),
        (b"2,10", "has 2 cells where the header has 4"),
        (b"2,10,10,,", "has 5 cells where the header has 4"),
        (b"0.5,10,10,", "is earlier than the line before"),
        (b"\xff,10,10,", "is not UTF-8 text"),
        (b'"2,10,10,', "has 1 cells where the header has 4"),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, line: bytes, problem: str) -> None:
    error = error_of(tmp_path, OWN + b"0,10,10,a\n1,10,10,a\n\n" + line + b"\n3,10,10,b\n")
    (fault,) = error.faults
    assert (fault.file, fault.key) == (str(tmp_path / "trace"), "line 5")
    assert problem in fault.problem
    assert ("Sort the file by time" in error.hint) == ("earlier" in problem)


@pytest.mark.parametrize(
    ("time", "right"),
    [
        (b"2023-11-16 18:17:03", True),
        (b"2023-02-30 18:17:03", False),
        (b"2023-11-16", False),
        (b"2023-11-16 18:17:03+01:00", False),
        (b"9999-11-16 18:17:03", False),
        (b"now", False),
        (b"", False),
        (b"NaT", False),
    ],
)
def test_times_of_azure_are_dates_with_time_in_utc(tmp_path: Path, time: bytes, right: bool) -> None:
    content = AZURE + time + b",10,10\n"
    if right:
        assert len(read_trace(written(tmp_path, content))) == 1
    else:
        assert "is not like 2023-11-16 18:17:03.9799600 (UTC)" in str(error_of(tmp_path, content))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"timestamp": 5, "input_length": 10, "output', "is not JSON"),
        (b"[1, 2]", "is not a JSON object"),
        (b'{"timestamp": 5, "input_length": 10, "hash_ids": []}', "has no output_length"),
        (b'{"timestamp": 5, "input_length": true, "output_length": 1}', "input_length 'True' is not a number"),
        (b'{"timestamp": 5, "input_length": 0, "output_length": 1}', "input_length 0 is not a whole number from 1"),
        (b'{"timestamp": NaN, "input_length": 1, "output_length": 1}', "timestamp nan is not a number"),
        (b'{"timestamp": 5, "input_length": 1024, "output_length": 1, "hash_ids": [1]}', "has 1 entries"),
        (b'{"timestamp": 5, "input_length": 1, "output_length": 1, "hash_ids": ["a"]}', "list of whole numbers"),
        (b'{"timestamp": -1, "input_length": 1, "output_length": 1}', "is earlier than the line before"),
    ],
)
def test_a_faulty_object_is_named(tmp_path: Path, line: bytes, problem: str) -> None:
    (fault,) = error_of(tmp_path, HEADERS[-1] + line + b"\n").faults
    assert fault.key == "line 2"
    assert problem in fault.problem


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_the_first_five_faulty_lines_are_shown_and_all_are_counted(folder: Path, right: list[bool]) -> None:
    lines = [b"%d,10,%d,\n" % (second, fine) for second, fine in enumerate(right)]
    path = written(folder, OWN + b"".join(lines))
    faulty = [f"line {number}" for number, fine in enumerate(right, 2) if not fine]
    if not faulty:
        assert len(read_trace(path)) == len(right)
        return
    error = error_of(folder, OWN + b"".join(lines))
    assert [fault.key for fault in error.faults] == faulty[:5]
    assert (f"{len(faulty)} lines are at fault" in error.hint) == (len(faulty) > 5)


def test_faults_are_counted_over_chunks(tmp_path: Path) -> None:
    lines = [b"%d,%d,10,%s\n" % (second, second not in (3, 11_000), WIDE) for second in range(12_000)]
    error = error_of(tmp_path, OWN + b"".join(lines))
    assert [fault.key for fault in error.faults] == ["line 5", "line 11002"]
    everywhere = error_of(tmp_path, OWN + b"0,-1,1,%s\n" % WIDE * 12_000)
    assert "12,000 lines are at fault, the first 5 are shown" in everywhere.hint


def test_time_that_goes_back_between_chunks_is_seen(tmp_path: Path) -> None:
    lines = [b"%d,10,10,%s\n" % (second, WIDE) for second in range(12_000)]
    size, index = 0, 0
    while size < 1 << 20:  # the chunk ends with the line that reaches 1 MiB
        size += len(lines[index])
        index += 1
    lines[index] = b"5,10,10,\n"
    (fault,) = error_of(tmp_path, OWN + b"".join(lines)).faults
    assert (fault.key, fault.problem) == (f"line {index + 2}", "is earlier than the line before")


@pytest.mark.parametrize(
    ("content", "where", "problem"),
    [
        (b"", "", "is empty"),
        (OWN, "", "holds no requests"),
        (OWN + b"\n \n", "", "holds no requests"),
        (b"a,b,c\n1,2,3\n", "line 1", "is the header of no known trace"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "line 1", "is not UTF-8 text"),
        (b"TIMESTAMP,ContextTokens\n", "line 1", "the column 'GeneratedTokens' of the format azure is missing"),
        (b"Timestamp,Request tokens,Response tokens\n5,10,0\n", "", "holds no requests but 1 that failed"),
    ],
)
def test_files_without_requests_say_why(tmp_path: Path, content: bytes, where: str, problem: str) -> None:
    (fault,) = error_of(tmp_path, content).faults
    assert (fault.key, fault.problem) == (where, problem)


@pytest.mark.parametrize("format", ["azure", "mooncake", "burstgpt", "vidur", "own"])
def test_an_empty_file_is_bad_data_in_every_format(tmp_path: Path, format: Format) -> None:
    with pytest.raises(BadData):
        load_trace(written(tmp_path, b""), format=format)


@pytest.mark.parametrize("name", ["missing.csv", ".", "null\x00byte"])
def test_a_file_that_cannot_be_opened_is_a_mistake_of_usage(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_trace(tmp_path / name)


def test_an_unknown_format_is_a_mistake_of_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'csv' is no format of traces"):
        read_trace(written(tmp_path, OWN), format="csv")  # type: ignore[arg-type]
