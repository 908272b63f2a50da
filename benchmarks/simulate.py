"""Requests per CPU second of the request-level simulator, and of its peers on the same questions.

Run: python -m benchmarks.simulate [--trace FILE] [--blis EXECUTABLE] [--vidur PYTHON].

FILE is the Azure LLM inference trace of 2023, conversation hour. EXECUTABLE is BLIS (inference-sim/inference-sim at
f90a1e3, built by Go 1.24), in its repository, where it finds its coefficients. PYTHON is that of an environment of its
own with PyPI vidur 0.0.26. That package brings no profiles, so it is given invented step times of about 12 ms: its
speed counts, its latencies mean nothing. A peer that is not there is quoted as it was measured earlier, on another
machine, and the line says so.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from assay.serving.simulation.answer import Simulation, simulate
from assay.serving.simulation.cluster import Cluster, Load, run
from assay.serving.simulation.pools import Flags, pool
from assay.serving.simulation.request import PoolRequest, SimulateRequest
from assay.serving.traffic.traffic import Traffic

RUNS: Final = 3
MODEL: Final = "Qwen/Qwen3-14B"
CHIP: Final = "h100"
TRACE: Final = Path("../shared/traces/azure_2023_conv.csv")

OURS: Final = (sys.executable, "-m", "assay", "simulate", "--model", MODEL, "--chip", CHIP)

EARLIER_BLIS_PER_S: Final = 1_094.0
"""Requests per CPU second of BLIS f90a1e3 on its question, whole process."""
EARLIER_VIDUR_PER_S: Final = 680.0
"""Requests per CPU second of Vidur 7d47513, its loop alone, Llama-2-7B, lengths of splitwise_conv."""
FASTER_BAR: Final = 20.0
"""Times the requests per CPU second of BLIS."""
HOUR_BAR_S: Final = 2.0
MANY_BAR_S: Final = 90.0
MANY_BAR_MIB: Final = 2048.0

MANY: Final = 1_000_000
LOADED: Final = 0.8
"""Share of the rate that the deployment keeps up where all is sent at once."""
INPUT: Final = "lognormal:512,0.8"
OUTPUT: Final = "lognormal:128,0.8"

BLIS_QUESTION: Final = Traffic(
    requests=10_000, rate_per_s=3.0, input_tokens="normal:512,256", output_tokens="normal:512,256"
)
"""What BLIS_WORDS draw."""
BLIS_WORDS: Final = "run --model qwen/qwen3-14b --hardware H100 --tp 1 --latency-model trained-physics --rate 3 \
--num-requests 10000"

VIDUR_MODEL: Final = "meta-llama/Llama-2-7b-hf"
VIDUR_QUESTION: Final = Traffic(requests=1_000, rate_per_s=3.0, input_tokens="512", output_tokens="512")
VIDUR_WORDS: Final = f"--replica_config_model_name {VIDUR_MODEL} --replica_config_device h100 \
--replica_config_num_pipeline_stages 1 --replica_config_tensor_parallel_size 1 \
--request_generator_config_type synthetic --synthetic_request_generator_config_num_requests 1000 \
--length_generator_config_type fixed --fixed_request_length_generator_config_prefill_tokens 512 \
--fixed_request_length_generator_config_decode_tokens 512 \
--interval_generator_config_type poisson --poisson_request_interval_generator_config_qps 3 \
--replica_scheduler_config_type sarathi --sarathi_scheduler_config_batch_size_cap 128 \
--sarathi_scheduler_config_chunk_size 512 \
--random_forrest_execution_time_predictor_config_prediction_max_tokens_per_request 4096 \
--random_forrest_execution_time_predictor_config_cache_dir {{folder}}/cache \
--metrics_config_output_dir {{folder}} --no-metrics_config_store_plots --no-metrics_config_enable_chrome_trace"
VIDUR_DRIVER: Final = """
import time
from vidur.config import SimulationConfig
from vidur.execution_time_predictor.sklearn_execution_time_predictor import SklearnExecutionTimePredictor
from vidur.simulator import Simulator

OPERATORS = ("attn_pre_proj", "attn_post_proj", "mlp_up_proj", "mlp_down_proj", "mlp_act", "attn_rope",
             "attn_kv_cache_save", "input_layernorm", "post_attention_layernorm", "add")

def invented_ms(self):
    asked = self._config
    tokens = {(count,): 0.035 + 3e-5 * count for count in range(1, self._max_tokens + 1)}
    cached = range(0, asked.prediction_max_tokens_per_request + 1, asked.kv_cache_prediction_granularity)
    batches = range(1, asked.prediction_max_batch_size + 1)
    chunks = range(32, asked.prediction_max_prefill_chunk_size + 1, 32)
    decode = {(batch, kv): 0.01 + 1e-7 * batch * kv for batch in batches for kv in cached}
    prefill = {(kv, chunk): 0.01 + 1e-8 * chunk * (chunk + kv) for kv in cached for chunk in chunks}
    return {**dict.fromkeys(OPERATORS, tokens), "attn_decode": decode, "attn_prefill": prefill}

SklearnExecutionTimePredictor._load_predictions_from_hf = invented_ms
simulator = Simulator(SimulationConfig.create_from_cli_args())
begun = time.process_time()
simulator.run()
print(time.process_time() - begun)
"""


METER: Final = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""
"""Starts one command from a small process: the peak of a child includes what its parent held when it was started."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took."""

    cpu_s: float
    """User and system."""
    peak_mib: float


def spent(command: tuple[str, ...], runs: int, folder: Path | None = None) -> Spent:
    """Return the least CPU seconds and the most memory of some runs of a command, each in a new process.

    Modules are compiled in a run before, as they are where a package is installed.
    """
    found = []
    with tempfile.TemporaryDirectory() as bytecode:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
        subprocess.run((*OURS, "--requests", "1"), env=environment, stdout=subprocess.DEVNULL, check=True)
        for _ in range(runs):
            told = subprocess.run(
                (sys.executable, "-c", METER, *command), env=environment, stdout=subprocess.PIPE, cwd=folder, check=True
            )
            cpu_s, peak_kib = told.stdout.split()
            found.append(Spent(float(cpu_s), int(peak_kib) / 1024))
    return Spent(min(each.cpu_s for each in found), max(each.peak_mib for each in found))


def command(traffic: Traffic) -> tuple[str, ...]:
    """Return the command that simulates a traffic."""
    load: tuple[str, ...] = ("--trace", traffic.trace)
    if not traffic.trace:
        lengths = ("--input-tokens", traffic.input_tokens, "--output-tokens", traffic.output_tokens)
        load = ("--requests", str(traffic.requests), "--rate", str(traffic.rate_per_s), *lengths)
    return (*OURS, *load)


def answer(traffic: Traffic, model: str = MODEL) -> Simulation:
    """Return the same answer in process."""
    return simulate(SimulateRequest(model=model, serving=PoolRequest(chip=CHIP), requests=traffic))


def loop_s(answered: Simulation) -> float:
    """Return the least CPU seconds of the event loop alone, with step times that nothing has asked for before."""
    deployment, requests = answered.deployments[0], answered.served.requests
    inputs, outputs = float(requests.input_tokens.mean()), float(requests.output_tokens.mean())
    found = []
    for _ in range(RUNS):
        fresh = pool(deployment, Flags(), input_tokens=inputs, output_tokens=outputs)
        cluster = Cluster((fresh,), front_s=deployment.engine.number("first_token_overhead_s"))
        begun = time.process_time()
        run(cluster, Load(requests))
        found.append(time.process_time() - begun)
    return min(found)


def iterations(answered: Simulation) -> int:
    """Return how many steps the engine would have made."""
    bursts = answered.served.journals[0][0].columns()
    return int(np.maximum(bursts["steps"], 1.0).sum())


def line(name: str, requests: int, cpu_s: float, blis_per_s: float, *bars: tuple[str, bool]) -> None:
    """Print one figure, how it compares with BLIS, and whether it keeps its bars."""
    per_s = requests / cpu_s
    kept = "".join(f"   bar {bar}: {'ok' if ok else 'MISSED'}" for bar, ok in bars)
    print(f"{name:<52} {cpu_s:7.2f} CPU s {per_s:9,.0f} requests/CPU s {per_s / blis_per_s:6.1f} x BLIS{kept}")


def print_question(name: str, traffic: Traffic, blis_per_s: float, bar_s: float | None = None) -> None:
    """Print a question as a whole process, as a call, and as the loop alone."""
    whole = spent(command(traffic), RUNS)
    begun = time.process_time()
    answered = answer(traffic)
    call_s = time.process_time() - begun
    requests, spent_s = len(answered.served.requests), loop_s(answered)
    faster = FASTER_BAR * blis_per_s
    bar = f"{FASTER_BAR:g} x"
    bars = [(bar, requests / whole.cpu_s >= faster)]
    if bar_s is not None:
        bars.append((f"{bar_s:g} s", whole.cpu_s <= bar_s))
    line(f"{name}, cold process", requests, whole.cpu_s, blis_per_s, *bars)
    line(f"{name}, in process", requests, call_s, blis_per_s)
    line(f"{name}, event loop", requests, spent_s, blis_per_s, (bar, requests / spent_s >= faster))
    print(
        f"{'':<52} {requests:,} requests, {answered.summary.output_tokens:,} output tokens; peak {whole.peak_mib:.0f} "
        f"MiB; loop: {iterations(answered) / spent_s:,.0f} iterations/CPU s"
    )


def print_many(blis_per_s: float) -> None:
    """Print what very many short requests take, at a rate that the deployment carries."""
    at_once = answer(Traffic(requests=20_000, input_tokens=INPUT, output_tokens=OUTPUT))
    rate_per_s = round(LOADED * at_once.summary.requests_per_s, 1)
    whole = spent(command(Traffic(requests=MANY, rate_per_s=rate_per_s, input_tokens=INPUT, output_tokens=OUTPUT)), 1)
    bars = (
        (f"{FASTER_BAR:g} x", MANY / whole.cpu_s >= FASTER_BAR * blis_per_s),
        (f"{MANY_BAR_S:g} s", whole.cpu_s <= MANY_BAR_S),
        (f"{MANY_BAR_MIB:,.0f} MiB", whole.peak_mib <= MANY_BAR_MIB),
    )
    line(f"{MANY:,} at {rate_per_s:g}/s, cold process", MANY, whole.cpu_s, blis_per_s, *bars)
    print(f"{'':<52} {INPUT} in, {OUTPUT} out; peak {whole.peak_mib:.0f} MiB")


def print_vidur(python: str | None) -> None:
    """Print the loop of Vidur beside ours, on one question where it is there."""
    answered = answer(VIDUR_QUESTION, VIDUR_MODEL)
    requests, spent_s = len(answered.served.requests), loop_s(answered)
    print(f"{'Vidur question, event loop':<52} {spent_s:7.2f} CPU s {requests / spent_s:9,.0f} requests/CPU s")
    if python is None:
        print(
            f"{'Vidur, loop: NOT run; other lengths, measured earlier':<52} {'':>13} "
            f"{EARLIER_VIDUR_PER_S:9,.0f} requests/CPU s"
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        words = VIDUR_WORDS.format(folder=folder).split()
        told = subprocess.run(
            (python, "-c", VIDUR_DRIVER, *words),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "WANDB_MODE": "disabled"},
            check=True,
        )
    theirs_s = float(told.stdout.split()[-1])
    print(
        f"{'Vidur 0.0.26, loop, measured now, invented times':<52} {theirs_s:7.2f} CPU s "
        f"{requests / theirs_s:9,.0f} requests/CPU s   ours {theirs_s / spent_s:.0f} x"
    )


def main() -> None:
    """Print every figure beside its bars, and the peers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate")
    parser.add_argument("--trace", type=Path, default=TRACE)
    parser.add_argument("--blis", type=Path)
    parser.add_argument("--vidur")
    asked = parser.parse_args()
    blis_per_s = EARLIER_BLIS_PER_S
    if asked.blis:
        executable = asked.blis.resolve()
        theirs = spent((str(executable), *BLIS_WORDS.split()), RUNS, executable.parent)
        blis_per_s = (BLIS_QUESTION.requests or 0) / theirs.cpu_s
        line("BLIS, its question, cold process, measured now", 10_000, theirs.cpu_s, blis_per_s)
    else:
        print(f"{'BLIS, its question: NOT run; measured earlier':<52} {'':>13} {blis_per_s:9,.0f} requests/CPU s")
    print_question("BLIS question", BLIS_QUESTION, blis_per_s)
    if asked.trace.exists():
        print_question("Azure 2023 conversation hour", Traffic(trace=str(asked.trace)), blis_per_s, HOUR_BAR_S)
    else:
        print(f"Azure 2023 conversation hour: skipped, there is no {asked.trace}")
    print_many(blis_per_s)
    print_vidur(asked.vidur)


if __name__ == "__main__":
    main()
