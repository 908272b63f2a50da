"""Measured deployments, simulated request by request as the load generator drove them.

`python -m assay.validation.simulated` (extra `validation`, a quarter of an hour) writes data/simulated.json: what a
framework under a harness adds to the simulated TTFT, fitted on all chips, and for each chip without its rows and with
coefficients that never saw it. Running it again gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Final

import numpy as np

from assay.catalogue.door import Record, read_json, validated
from assay.core.array import FloatArray
from assay.engine.deployment import Deployment
from assay.kernels.coefficients import Coefficients
from assay.serving.simulation.cluster import Cluster, Load, Pool, run
from assay.serving.simulation.limits import Role
from assay.serving.simulation.pools import Flags, pool, transfer_s
from assay.serving.traffic.arrivals import at_once
from assay.serving.traffic.lengths import up_to
from assay.serving.traffic.requests import Requests
from assay.validation.deployments import LENGTH_FACTOR, configuration, deployment_of
from assay.validation.disaggregated import Pools, disaggregated_pools
from assay.validation.launches import Launch, balance_steps, held_steps, launch_of
from assay.validation.left_out import coefficients
from assay.validation.measured import Measured
from assay.validation.overheads import TTFT_SCALE, Labels, Prior, overheads, solve
from assay.validation.predict import predict
from assay.validation.silicon_sample import aggregated, sample_path

DATA: Final = Path(__file__).parent / "data" / "simulated.json"
PROMPTS_PER_CLIENT: Final = 10
"""InferenceX sends ten prompts a client; the other campaign does not say."""
LENGTH_RATIO: Final = 0.8
"""InferenceX draws lengths between this share of the nominal and the nominal."""
OUTPUT_SPREAD: Final = {("gap", "trtllm"): 0.1, ("gap", "vllm"): 0.1}
"""Relative standard deviation of answers in the campaign with fixed lengths. Under SGLang requests stay in step, wave
after wave, so that answers have one length; under the others they do not, so that they must differ. By how much does
not matter: 0.1 and 0.3 give the same times."""
SEED: Final = 0
PRIORS: Final = {
    "first_token_s": Prior(20e-3, 1.0),
    "steps": Prior(2.0, 1.0),
    "launch_s": Prior(50e-6, 1.0),
    "prefills": Prior(0.2, 1.0),
    "burst": Prior(0.02, 0.7),
    "stream": Prior(0.2, 1.0),
    "balance": Prior(0.3, 1.0),
}
POOLS: Final = "pools"
"""Harness of disaggregated deployments: another program in front, and another way to the first token."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """One row as the simulation sees it, s."""

    row: Measured
    ttft_s: float
    """Mean, without what the framework adds (`Additions`)."""
    tpot_s: float
    """Mean."""
    output_tok_per_s: float
    step_s: float
    """A decode step of the whole batch at mean context."""
    prefill_s: float
    """A prefill of one mean prompt."""
    stream_s: float
    """The stream interval in decode steps, s; 0 where it is not known."""
    balance_s: float
    """The longest wait for prompts on all attention ranks."""
    launches: float
    """Layers times chunks of a prompt."""


class Additions(Record):
    """What a framework under a harness adds to the simulated TTFT."""

    first_token_s: float
    """Constant: HTTP, tokenising, scheduling."""
    steps: float
    """Decode steps, the stream interval of the server left out."""
    launch_s: float
    """Per layer and chunk: eager launches of a prefill."""
    prefills: float
    """Prefills of one prompt."""
    burst: float
    """Share of the wait of the last of all clients, one prefill after the other, that the burst at the start adds."""
    stream: float
    """Share of the stream interval that a first token is held back."""
    balance: float
    """Share of the longest wait for prompts on all attention ranks."""

    def added_s(self, simulated: Simulated) -> float:
        """Return the seconds added to the TTFT of a row."""
        numbers = self.model_dump()
        return float(sum(numbers[name] * column for name, column in _columns(simulated).items()))


class AdditionsFile(Record):
    """data/simulated.json: left-out chip ("" for none) -> framework -> harness -> numbers."""

    regenerate: str
    fits: dict[str, dict[str, dict[str, Additions]]]


def additions(framework: str, harness: str, left_out: str = "") -> Additions:
    """Return what a framework adds under a harness, fitted without the chip `left_out`."""
    fits = _file().fits
    return fits.get(left_out, fits[""])[framework][harness]


def simulated(rows: Sequence[Measured], without: str = "") -> list[Simulated]:
    """Return the simulation of every row, in the order of the rows, by coefficients that never saw a chip `without`."""
    groups: dict[object, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[configuration(row)].append(index)
    found: dict[int, Simulated] = {}
    for members in groups.values():
        deployment = _deployment(rows[members[0]], without)
        for index in members:
            served_by = _pool(rows[index], deployment)
            found[index] = _run(rows[index], Cluster((served_by,)), deployment)
    return [found[index] for index in range(len(rows))]


def simulated_pools(pools: Sequence[Pools], without: str = "") -> list[Simulated]:
    """Return the simulation of disaggregated deployments; the row is that of the decode side, its harness POOLS.

    Steps take the framework's own overheads, as in every answer to a user: the campaigns that overheads were fitted to
    had one pool.
    """
    found = []
    for each in pools:
        prefill, decode = (deployment_of(side, _unseen(without)) for side in (each.prefill, each.decode))
        cluster = Cluster(
            (
                _pool(each.prefill, prefill, each.prefill_workers, "prefill"),
                _pool(each.decode, decode, each.decode_workers, "decode"),
            ),
            transfer_s=partial(transfer_s, prefill, decode),
        )
        one = _run(each.decode, cluster, prefill)
        found.append(replace(one, row=replace(each.decode, harness=POOLS)))
    return found


def _run(row: Measured, cluster: Cluster, first: Deployment) -> Simulated:
    """Run what the harness of a row sends; `first` is the deployment that prefills."""
    factor = LENGTH_FACTOR[row.harness]
    inputs, outputs = row.input_tokens * factor, row.output_tokens * factor
    served = run(cluster, Load(requests_of(row), round(row.concurrency)))
    launch = _launch(row)
    decodes = cluster.pools[-1]
    batch = max(min(round(row.concurrency / decodes.replicas), decodes.limits.max_num_seqs), 1)
    line = decodes.steps.decode(batch, inputs + outputs / 2)
    step_s = line.base_s + line.per_token_s * (inputs + outputs / 2)
    prefill = cluster.pools[0].steps.prefill_s
    return Simulated(
        row=row,
        ttft_s=float(served.ttft_s.mean()) + (held_steps(row) if launch else 0) * step_s,
        tpot_s=float(np.nanmean(served.tpot_s)),
        output_tok_per_s=float(served.requests.output_tokens.sum()) / served.duration_s,
        step_s=step_s,
        prefill_s=prefill([(max(round(inputs), 1), 0)], 0),
        stream_s=((launch.stream_interval or 1) - 1) * step_s if launch else 0.0,
        balance_s=balance_steps(row) * step_s if launch else 0.0,
        launches=first.architecture.layers * float(np.ceil(inputs / cluster.pools[0].limits.chunk_tokens)),
    )


def _pool(row: Measured, deployment: Deployment, replicas: int = 1, role: Role = "both") -> Pool:
    factor, launch = LENGTH_FACTOR[row.harness], _launch(row)
    clients = max(round(row.concurrency), 1)
    flags = Flags(max_num_seqs=clients, prefix_caching=False)
    if launch is not None:
        flags = replace(
            flags,
            chunk_tokens=launch.chunk_tokens(row),
            max_num_seqs=min(launch.max_num_seqs(row) or clients, clients),
            recv_interval_steps=launch.recv_interval(row) or 1,
        )
    inputs, outputs = row.input_tokens * factor, row.output_tokens * factor
    return pool(deployment, flags, input_tokens=inputs, output_tokens=outputs, replicas=replicas, role=role)


def _launch(row: Measured) -> Launch | None:
    """Return the flags of a row's server; None where they are not known, as for all disaggregated ones."""
    return launch_of(row) if row.mode == "aggregated" else None


def requests_of(row: Measured) -> Requests:
    """Return the requests that the harness of a row sends."""
    clients = round(row.concurrency)
    random, count = np.random.default_rng(SEED), PROMPTS_PER_CLIENT * clients
    none = np.full(count, -1)
    if row.harness == "infx":
        lengths = [
            up_to(round(each), LENGTH_RATIO).draw(random, count) for each in (row.input_tokens, row.output_tokens)
        ]
        return Requests(at_once(count), lengths[0], lengths[1], none)
    spread = OUTPUT_SPREAD.get((row.harness, row.framework), 0.0)
    spread_outputs = np.maximum(np.round(row.output_tokens * (1.0 + spread * random.standard_normal(count))), 1.0)
    return Requests(at_once(count), np.full(count, round(row.input_tokens)), spread_outputs.astype(np.int64), none)


def _deployment(row: Measured, without: str) -> Deployment:
    """Return the row's deployment with the step overheads of its framework and harness."""
    deployment = deployment_of(row, _unseen(without))
    numbers = overheads(row.framework, row.harness, without)
    facts = dict(deployment.engine.facts)
    for key, value in (
        ("step_overhead_s", numbers.step_s),
        ("sequence_overhead_s", numbers.sequence_s),
        ("floor_factor", numbers.floor_factor),
    ):
        facts[key] = replace(facts[key], value=value)
    return replace(deployment, engine=replace(deployment.engine, facts=facts))


def _unseen(chip: str) -> Coefficients | None:
    """Return coefficients that never saw a chip; None, those that ship, where there is none to leave out."""
    return coefficients(chip, "chip") if chip else None


@cache
def _file() -> AdditionsFile:
    return validated(read_json(DATA), AdditionsFile, str(DATA))


def fit(found: Sequence[Simulated]) -> dict[str, dict[str, Additions]]:
    """Return the additions of every framework and harness: tanh ln(predicted / measured) / 0.25, soft-L1 loss, priors.

    The tanh lets go of rows that are off by more than a factor e: first tokens of seconds at three requests are no
    matter of a few steps (cold caches, waits that nothing records), and they would draw all others with them.
    The factors of a number are those of `overheads`: a framework that was not seen under a harness takes what the
    others say.
    """
    labels = Labels.of([each.row for each in found])
    measured_s = np.array([each.row.ttft_s for each in found])
    simulated_s = np.array([each.ttft_s for each in found])
    rows = [_columns(each) for each in found]
    columns = {name: np.array([row[name] for row in rows]) for name in PRIORS}

    def residuals(numbers: dict[str, FloatArray]) -> FloatArray:
        added_s = sum((numbers[name] * column for name, column in columns.items()), start=np.zeros(len(rows)))
        return np.asarray(np.tanh(np.log((simulated_s + added_s) / measured_s)) / TTFT_SCALE)

    tables = solve(labels, PRIORS, residuals)
    return {
        framework: {
            harness: Additions(**{name: float(f"{table[i, j]:.4g}") for name, table in tables.items()})
            for j, harness in enumerate(labels.harnesses)
        }
        for i, framework in enumerate(labels.frameworks)
    }


def _columns(each: Simulated) -> dict[str, float]:
    """Return what each number of the additions multiplies, s.

    Nothing is added to the burst where a pool prefills alone: what it adds elsewhere comes of decodes that go on
    meanwhile.
    """
    alone = each.row.harness == POOLS
    return {
        "first_token_s": 1.0,
        "steps": each.step_s,
        "launch_s": each.launches,
        "prefills": each.prefill_s,
        "burst": 0.0 if alone else (each.row.concurrency / each.row.dp - 1.0) / 2.0 * each.prefill_s,
        "stream": each.stream_s,
        "balance": each.balance_s,
    }


def fitted() -> AdditionsFile:
    """Return the fit on all chips, and the fits with each chip left out of coefficients and additions alike."""
    path = sample_path()
    rows = [each.row for each in predict(aggregated(path).rows) if not each.set_aside]
    pools = disaggregated_pools(path)
    fits = {"": fit([*simulated(rows), *simulated_pools(pools)])}
    for chip in sorted({row.chip for row in rows} | {each.decode.chip for each in pools}):
        others = [row for row in rows if row.chip != chip]
        sides = [each for each in pools if each.decode.chip != chip]
        fits[chip] = fit([*simulated(others, chip), *simulated_pools(sides, chip)])
    return AdditionsFile(regenerate="python -m assay.validation.simulated", fits=fits)


if __name__ == "__main__":
    DATA.write_text(json.dumps(fitted().model_dump(), indent=1) + "\n", encoding="utf-8")
    sys.stderr.write(f"wrote {DATA.name}\n")
