"""Models: one TOML file each in data/models, and the config.json of most in data/configs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from assay.catalogue.door import DATA, Record, heads, read_all, read_json, read_toml
from assay.catalogue.fact import FactTable, PositiveFact
from assay.core.errors import NotInCatalogue
from assay.core.source import Fact

MODELS = DATA / "models"
CONFIGS = DATA / "configs"


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A language model as its publisher states it. A number that nobody published is None."""

    id: str
    hf_id: str
    aliases: tuple[str, ...]
    org: str
    country: str  # ISO 3166-1 alpha-2, of the publisher's headquarters
    family: str
    license: str
    release_date: str  # as published: a day, a month, a year
    weights: str  # format of the published weights, as said
    trained_on: str
    unverified: tuple[str, ...]  # keys among the texts above that were not read in a source
    notes: str
    config: Path | None  # the config.json, trimmed to what Assay reads
    config_table: Mapping[str, Any] | None = field(hash=False)  # or one made from published dimensions
    config_sources: tuple[str, ...]
    config_note: str  # how faithful it is
    total_parameters: float | None
    active_parameters: float | None
    context_tokens: float | None
    pretrain_tokens: float | None
    train_chip_h: float | None
    train_cost_usd: float | None
    facts: Mapping[str, Fact] = field(hash=False, repr=False)
    origin: str  # the file it was read from

    @property
    def name(self) -> str:
        """The name of its repository."""
        return self.hf_id.rpartition("/")[2]

    @property
    def train_flop(self) -> float | None:
        """Work of pre-training by the rule 6 x active parameters x tokens, attention left out."""
        if self.active_parameters is None or self.pretrain_tokens is None:
            return None
        return 6.0 * self.active_parameters * self.pretrain_tokens

    def read_config(self) -> tuple[dict[str, Any], str] | None:
        """Return the content of its config.json and the file to name in messages, or None where there is none."""
        if self.config is not None:
            return read_json(self.config), str(self.config)
        if self.config_table is not None:
            return dict(self.config_table), self.origin
        return None


def model_record(name: str) -> ModelRecord:
    """Return the record of a Hugging Face id, a short id, a repository name or an alias, in any case.

    Raises NotInCatalogue with the nearest ids.
    """
    id = _ids_by_name().get(name.strip().casefold())
    if id is None:
        known = [name for head in heads(MODELS).values() for name in (head["id"], head["hf_id"])]
        raise NotInCatalogue("model", name, known, "A path to a config.json works too.")
    return _catalogued(id)


def model_ids() -> tuple[str, ...]:
    """Return the ids of all models of the catalogue, sorted: the names of their files."""
    return tuple(heads(MODELS))


def model_records() -> tuple[ModelRecord, ...]:
    """Return all models of the catalogue, by id."""
    return read_all(_catalogued, model_ids())


class ModelFacts(FactTable):
    """The numbers of a model."""

    total_parameters: PositiveFact | None = None
    active_parameters: PositiveFact | None = None
    context_tokens: PositiveFact | None = None
    pretrain_tokens: PositiveFact | None = None
    train_chip_h: PositiveFact | None = None
    train_cost_usd: PositiveFact | None = None


class ModelFile(Record):
    """A model's file. The three names stand first, so that a name is found without reading the rest."""

    id: str
    hf_id: str
    aliases: tuple[str, ...] = ()
    org: str
    country: str = Field(pattern=r"^[A-Z]{2}$")
    family: str
    license: str = ""
    release_date: str = ""
    weights: str = ""
    trained_on: str = ""
    unverified: tuple[str, ...] = ()
    notes: str = ""
    config_file: str = ""
    config_sources: tuple[str, ...] = ()
    config_note: str = ""
    config: dict[str, Any] | None = None
    facts: ModelFacts = ModelFacts()

    @model_validator(mode="after")
    def _one_config(self) -> Self:
        if self.config_file and self.config is not None:
            raise ValueError("config_file and [config] exclude each other")
        if (self.config_file or self.config is not None) and not self.config_sources:
            raise ValueError("a config needs config_sources")
        return self


@cache
def _ids_by_name() -> dict[str, str]:
    """Every name a model answers to, folded. Names given in a file win over the name of a repository."""
    found: dict[str, str] = {}
    for id, head in heads(MODELS).items():
        found.setdefault(head["hf_id"].rpartition("/")[2].casefold(), id)
    for id, head in heads(MODELS).items():
        for name in (head["id"], head["hf_id"], *head.get("aliases", ())):
            found[name.casefold()] = id
    return found


@cache
def _catalogued(id: str) -> ModelRecord:
    path = MODELS / f"{id}.toml"
    record = read_toml(path, ModelFile)
    facts = record.facts.facts()
    texts = record.model_dump(exclude={"facts", "config", "config_file"})
    numbers: dict[str, Any] = {key: facts[key].value if key in facts else None for key in ModelFacts.model_fields}
    return ModelRecord(
        **texts,
        **numbers,
        config=CONFIGS / record.config_file if record.config_file else None,
        config_table=record.config,
        facts=facts,
        origin=str(path),
    )
