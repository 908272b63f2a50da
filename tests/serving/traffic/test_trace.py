"""Traces of every format, written here and read back."""

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.serving.traffic.trace import Format, load_trace, read_trace

Sent = list[tuple[int, int, int]]
"""Milliseconds to the request before, input tokens, output tokens."""

SENT = st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 200_000), st.integers(1, 20_000)), min_size=1)
EXPECTED_S = [0.0, 0.052, 1.5]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("traces")


def written(folder: Path, text: str) -> Path:
    path = folder / "trace"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def as_text(sent: Sent, format: Format) -> str:
    """The file of a format; its first request comes 7 s after the beginning of the clock, where there is one."""
    times_ms = 7_000 + np.cumsum([gap for gap, _, _ in sent])
    rows = [(int(ms), given, made) for ms, (_, given, made) in zip(times_ms, sent, strict=True)]
    if format == "mooncake":
        return "".join(
            json.dumps(
                {"timestamp": ms, "input_length": given, "output_length": made, "hash_ids": [*range(-(-given // 512))]}
            )
            + "\n"
            for ms, given, made in rows
        )
    lines = {
        "azure": lambda ms, given, made: f"{datetime(2023, 11, 16) + timedelta(milliseconds=ms)!s:.27},{given},{made}",
        "burstgpt": lambda ms, given, made: f"{ms / 1e3},,1.5,GPT-4,{given},{made},{given + made},API log",
        "vidur": lambda ms, given, made: f"{ms / 1e3},{given},{made}",
        "own": lambda ms, given, made: f"{ms / 1e3},{given},{made}",
    }[format]
    header = {
        "azure": "TIMESTAMP,ContextTokens,GeneratedTokens",
        "burstgpt": "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type",
        "vidur": "arrived_at,num_prefill_tokens,num_decode_tokens",
        "own": "arrival_s,input_tokens,output_tokens",
    }[format]
    return "\r\n".join([header, *(lines(*row) for row in rows)])


@pytest.mark.parametrize("format", ["azure", "mooncake", "burstgpt", "vidur", "own"])
@given(sent=SENT)
def test_every_format_is_known_by_its_first_line_and_read_back(folder: Path, format: Format, sent: Sent) -> None:
    trace = load_trace(written(folder, as_text(sent, format)))
    assert (trace.format, trace.failed) == (format, 0)
    found = trace.requests
    gaps_ms, inputs, outputs = zip(*sent, strict=True)
    assert found.arrival_s * 1e3 == pytest.approx(np.cumsum(gaps_ms) - gaps_ms[0], abs=1e-3)
    assert found.input_tokens.tolist() == list(inputs)
    assert found.output_tokens.tolist() == list(outputs)
    assert (found.session == -1).all()


def test_seven_decimals_of_azure_are_kept(tmp_path: Path) -> None:
    header, day = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n", "2023-11-16 18:17:"
    path = written(
        tmp_path, header + f"{day}03.9799600,4808,10\r\n{day}03.9799601,3180,8\r\n{day}04.0781490,110,27\r\n"
    )
    assert read_trace(path).arrival_s.tolist() == [0.0, 1e-7, 0.098189]


@pytest.mark.parametrize("zone", ["", "Z", "+00:00", "+0000"])
@pytest.mark.parametrize("letter", [" ", "T"])
def test_times_of_azure_may_say_that_they_are_utc(tmp_path: Path, zone: str, letter: str) -> None:
    day = f"2024-05-12{letter}00:00:"
    lines = "".join(f"{day}{second}{zone},10,10\n" for second in ("00.1", "00.152", "01.6"))
    path = written(tmp_path, "TIMESTAMP,ContextTokens,GeneratedTokens\n" + lines)
    assert read_trace(path).arrival_s == pytest.approx(EXPECTED_S)


def test_only_full_blocks_of_mooncake_are_kept(tmp_path: Path) -> None:
    lines = [
        {"timestamp": 27000, "input_length": 1100, "output_length": 5, "hash_ids": [0, 46, 47]},
        {"timestamp": 27052, "input_length": 1024, "output_length": 5, "hash_ids": [0, 46]},
        {"timestamp": 28500, "input_length": 511, "output_length": 5, "hash_ids": [0]},
    ]
    found = read_trace(written(tmp_path, "\n".join(map(json.dumps, lines))))
    assert found.blocks == ((0, 46), (0, 46), ())
    assert found.block_tokens == 512
    assert found.arrival_s == pytest.approx(EXPECTED_S)


def test_mooncake_without_hashes_shares_nothing(tmp_path: Path) -> None:
    line = {"timestamp": 0, "input_length": 4096, "output_length": 5}
    assert read_trace(written(tmp_path, json.dumps(line))).blocks == ()


def test_answers_of_no_token_are_one_token_in_azure_and_mooncake(tmp_path: Path) -> None:
    azure = written(tmp_path, "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,10,0\n")
    assert read_trace(azure).output_tokens.tolist() == [1]
    mooncake = written(tmp_path, '{"timestamp": 0, "input_length": 9, "output_length": 0, "hash_ids": [3]}')
    assert read_trace(mooncake).output_tokens.tolist() == [1]


def test_failed_requests_of_burstgpt_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [(3, 10, 0), (5, 472, 18), (5.052, 0, 0), (5.052, 1087, 230), (6.5, 417, 276), (9, 20, 0)]
    lines = "".join(f"{time},ChatGPT,{given},{made},{given + made},Conversation log\n" for time, given, made in rows)
    path = written(tmp_path, "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n" + lines)
    trace = load_trace(path)
    assert trace.failed == 3
    assert trace.requests.arrival_s == pytest.approx(EXPECTED_S)
    assert trace.requests.input_tokens.tolist() == [472, 1087, 417]


def test_sessions_are_numbered_as_they_appear_whatever_they_are_called(tmp_path: Path) -> None:
    labels = ["b-7", "12.0", "", "nan", "b-7", "-1", "a,1", "12.0"]
    with (tmp_path / "own.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["arrival_s", "input_tokens", "output_tokens", "session"])
        table.writerows([second, 10, 10, label] for second, label in enumerate(labels))
    assert read_trace(tmp_path / "own.csv").session.tolist() == [0, 1, -1, -1, 0, -1, 2, 1]


def test_columns_stand_in_any_order_among_others_and_lines_may_be_blank(tmp_path: Path) -> None:
    text = '\ufeff"note", output_tokens ,input_tokens,arrival_s\n"a, b",1,20,5\n\n,2,30.0, 5.052\n  \nc,3,4e1,6.5\n\n'
    found = read_trace(written(tmp_path, text))
    assert found.arrival_s == pytest.approx(EXPECTED_S)
    assert found.input_tokens.tolist() == [20, 30, 40]
    assert found.output_tokens.tolist() == [1, 2, 3]


def test_a_byte_order_mark_hides_no_json(tmp_path: Path) -> None:
    assert len(read_trace(written(tmp_path, "\ufeff" + as_text([(0, 600, 2)], "mooncake")))) == 1


def test_a_file_of_many_chunks_is_read_in_order(tmp_path: Path) -> None:
    sent = [(index % 7, 1 + index, 1 + index % 300) for index in range(30_000)]
    text = as_text(sent, "burstgpt")
    assert len(text) > 1 << 20  # bytes of a chunk
    found = read_trace(written(tmp_path, text))
    assert found.input_tokens.tolist() == [*range(1, 30_001)]
    assert found.arrival_s[-1] == pytest.approx(sum(index % 7 for index in range(30_000)) / 1e3)


def test_the_format_said_is_the_format_read(tmp_path: Path) -> None:
    both = "arrival_s,input_tokens,output_tokens,arrived_at,num_prefill_tokens,num_decode_tokens\n0,1,2,0,3,4\n"
    path = written(tmp_path, both)
    assert read_trace(path, format="vidur").input_tokens.tolist() == [3]
    assert read_trace(path, format="own").input_tokens.tolist() == [1]
