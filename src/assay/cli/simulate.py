"""`assay simulate`: what will the users of this deployment see?"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from assay.core.errors import UsageError
from assay.core.quantity import parse_seconds

if TYPE_CHECKING:
    from assay.serving.simulation.answer import Simulation
    from assay.serving.simulation.cluster import Failure


def simulate(
    *,
    model: str,
    chip: str,
    framework: str = "",
    tp: int | None = None,
    dp: int = 1,
    ep: int = 1,
    pp: int = 1,
    all_to_all: Annotated[bool, Parameter(negative=())] = False,
    replicas: int = 1,
    decode_chip: str = "",
    decode_framework: str = "",
    decode_tp: int | None = None,
    decode_dp: int = 1,
    decode_ep: int = 1,
    decode_all_to_all: Annotated[bool, Parameter(negative=())] = False,
    decode_replicas: int = 1,
    chunk_tokens: int | None = None,
    max_num_seqs: int = 1024,
    block_tokens: int = 16,
    order: Literal["fcfs", "shortest"] = "fcfs",
    router: Literal["round-robin", "least-loaded", "prefix-aware", "session-affine"] = "least-loaded",
    no_prefix_caching: Annotated[bool, Parameter(negative=())] = False,
    draft_tokens: int = 0,
    accepted_tokens: float = 1.0,
    stream_interval: int = 1,
    fail: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    trace: str = "",
    speed: float = 1.0,
    requests: int | None = None,
    input_tokens: str = "1024",
    output_tokens: str = "256",
    rate: Annotated[tuple[float, ...], Parameter(negative=())] = (),
    arrivals: Literal["poisson", "gamma", "constant"] = "poisson",
    burstiness: float = 1.0,
    concurrency: int | None = None,
    ramp: str | None = None,
    turns: str = "",
    system_prompt_tokens: int = 0,
    shared_prefixes: int = 1,
    think_time: str | None = None,
    seed: int = 0,
    ttft: str | None = None,
    tpot: str | None = None,
    place: str = "US",
    as_of: date | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    csv: Annotated[bool, Parameter(negative=())] = False,
    records: Path | None = None,
    vllm_bench: Path | None = None,
    aiperf: Path | None = None,
    timeline: Path | None = None,
    chart: Path | None = None,
) -> None:
    """Serve a workload request by request, and print what users see.

    A scheduler as in vLLM or SGLang, replicas behind a router, one pool or separate prefill and decode pools; open
    loops, closed loops, conversations and traces. The same command gives the same bytes.

    Parameters
    ----------
    model
        Hugging Face id, alias, or path to a config.json.
    chip
        Catalogue id, alias, or path to a TOML file; with --decode-chip the chip that prefills.
    framework
        Framework id; default: vllm where it runs on the chip.
    tp
        Tensor parallel size of attention; default: the fewest chips that hold the model and the longest request.
    dp
        Attention data-parallel ranks.
    ep
        Expert parallel size: 1 or tp x dp.
    pp
        Pipeline stages.
    all_to_all
        Experts are reached by all-to-all (DeepEP) instead of gathering tokens.
    replicas
        Instances behind the router.
    decode_chip
        Decode on instances of this chip, to which the caches of prompts are sent.
    decode_framework
        Framework of the decode pool.
    decode_tp
        Tensor parallel size of the decode pool.
    decode_dp
        Attention data-parallel ranks of the decode pool.
    decode_ep
        Expert parallel size of the decode pool.
    decode_all_to_all
        Experts of the decode pool are reached by all-to-all.
    decode_replicas
        Instances of the decode pool.
    chunk_tokens
        Prompt tokens of a step (--max-num-batched-tokens, --chunked-prefill-size); default: the framework's.
    max_num_seqs
        Most running sequences of an instance.
    block_tokens
        Tokens of a KV block.
    order
        Which waiting request goes first: the first come, or that with the shortest prompt.
    router
        How requests are spread over instances.
    no_prefix_caching
        Compute every prompt whole, even where a trace or conversations share prefixes.
    draft_tokens
        Tokens drafted per step by multi-token prediction.
    accepted_tokens
        Tokens a step yields on average with drafting, the certain one included.
    stream_interval
        Tokens that the server sends together (--stream-interval of SGLang).
    fail
        An instance that fails: at second:instance:restart, such as 600s:0:120s; repeat for more.
    trace
        Path of a trace: CSV of Azure LLM, BurstGPT, Vidur, or arrival_s,input_tokens,output_tokens; JSONL of Mooncake.
    speed
        How many times faster than recorded a trace is sent.
    requests
        How many; default: the whole trace, or 1,000 drawn ones.
    input_tokens
        Prompt lengths: 4096, 4K, uniform:512-1024, normal:4096,512, lognormal:4096,0.8, range:4096,0.8.
    output_tokens
        Answer lengths, written alike.
    rate
        Requests per second, or new conversations per second; repeat for a curve of latency against load.
    arrivals
        How requests arrive at a rate.
    burstiness
        Shape of gamma arrivals: below 1 burstier than Poisson.
    concurrency
        Most requests under way: a closed loop, as benchmarks drive it.
    ramp
        Time over which the clients of a closed loop start.
    turns
        Requests of a conversation, as a length: each turn sends all that was said before.
    system_prompt_tokens
        Prompt that conversations share.
    shared_prefixes
        Distinct system prompts.
    think_time
        Mean time between the turns of a conversation.
    seed
        Of everything drawn.
    ttft
        Longest time to first token of a good request, for the goodput.
    tpot
        Longest time per output token of a good request.
    place
        Country whose prices and tariffs come first (ISO 3166-1 alpha-2).
    as_of
        Prices published after this date are not seen; default: today.
    json
        Print one JSON object (schema assay.simulate/1).
    csv
        Print one line a request.
    records
        Write one line a request: FILE.jsonl or FILE.csv.
    vllm_bench
        Write the result as `vllm bench serve --save-result` does.
    aiperf
        Write profile_export_aiperf.json and profile_export.jsonl into this folder, as AIPerf does.
    timeline
        Write a Chrome trace of every instance, for chrome://tracing or Perfetto.
    chart
        Write a chart (.json: Vega-Lite, .svg, .png): latency against load, or the state over time of a single run.
    """
    from assay.cli import output
    from assay.cli.simulation import emit, write_files
    from assay.serving.simulation.answer import simulate as answer
    from assay.serving.simulation.request import PoolRequest, SimulateRequest
    from assay.serving.traffic.traffic import Traffic

    traffic = Traffic(
        trace=trace,
        requests=requests,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        rate_per_s=rate[0] if rate else None,
        arrivals=arrivals,
        burstiness=burstiness,
        speed=speed,
        turns=turns,
        system_prompt_tokens=system_prompt_tokens,
        shared_prefixes=shared_prefixes,
        think_time_s=parse_seconds(think_time) if think_time else 0.0,
        seed=seed,
    )
    serving = PoolRequest(
        chip=chip,
        framework=framework,
        replicas=replicas,
        tp=tp,
        dp=dp,
        ep=ep,
        pp=pp,
        all_to_all=all_to_all,
        chunk_tokens=chunk_tokens,
        max_num_seqs=max_num_seqs,
        block_tokens=block_tokens,
    )
    decoding = PoolRequest(
        chip=decode_chip,
        framework=decode_framework,
        replicas=decode_replicas,
        tp=decode_tp,
        dp=decode_dp,
        ep=decode_ep,
        all_to_all=decode_all_to_all,
        max_num_seqs=max_num_seqs,
        block_tokens=block_tokens,
    )
    request = SimulateRequest(
        model=model,
        serving=serving,
        decoding=decoding if decode_chip else None,
        requests=traffic,
        concurrency=concurrency,
        ramp_s=parse_seconds(ramp) if ramp else 0.0,
        ttft_s=None if ttft is None else parse_seconds(ttft),
        tpot_s=None if tpot is None else parse_seconds(tpot),
        policy=router,
        order=order,
        prefix_caching=not no_prefix_caching,
        draft_tokens=draft_tokens,
        accepted_tokens=accepted_tokens,
        stream_interval_tokens=stream_interval,
        failures=tuple(_failure(text) for text in fail),
        place=place.upper(),
        as_of=as_of or date.today(),
    )
    found: list[Simulation] = []
    for each in rate or (None,):
        drawn = replace(traffic, rate_per_s=each).drawn()
        with output.progress(len(drawn), "requests", file=sys.stderr) as advance:
            found.append(answer(replace(request, requests=drawn), advance))
    write_files(found, rate, records=records, vllm_bench=vllm_bench, aiperf=aiperf, timeline=timeline, chart=chart)
    emit(found, rate, json=json, csv=csv)


def _failure(text: str) -> Failure:
    from assay.serving.simulation.cluster import Failure

    parts = text.split(":")
    try:
        pool, at, replica, restart = parts if len(parts) == 4 else ("0", *parts)
        return Failure(parse_seconds(at), int(pool), int(replica), parse_seconds(restart))
    except ValueError:
        raise UsageError(
            f"'{text}' is no failure",
            "Write at:instance:restart, such as 600s:0:120s; with two pools pool:at:instance:restart, pool 0 or 1.",
        ) from None
