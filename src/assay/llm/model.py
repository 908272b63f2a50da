"""A language model, found by name or read from a config.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.catalogue.door import read_json
from assay.catalogue.model import ModelRecord, model_record
from assay.core.errors import NotInCatalogue, Unsupported
from assay.llm.architecture import Architecture
from assay.llm.config import architecture
from assay.llm.hub import HubUnavailable, fetch_config
from assay.llm.parameters import Parameters, parameters


@dataclass(frozen=True, slots=True)
class Model:
    """A language model: its architecture, and what its publisher says of it where the catalogue holds that.

    Examples
    --------
    >>> model = Model.load("deepseek-ai/DeepSeek-R1")
    >>> model.architecture.layers
    61
    >>> round(model.parameters.total / 1e9)
    671
    """

    id: str
    """The Hugging Face id, or the path it was read from."""
    architecture: Architecture
    record: ModelRecord | None
    origin: str
    """The file that was read."""

    @staticmethod
    def load(name: str) -> Model:
        """Return a model of the catalogue, of a file, or of the Hugging Face hub.

        Parameters
        ----------
        name
            A Hugging Face id, a short id or an alias, in any case; or the path of a config.json, or of the folder
            that holds one.

        Raises
        ------
        NotInCatalogue
            No such name; the error names the nearest ids, and says what kept the hub from helping.
        Unsupported
            The catalogue knows the model but not its dimensions, or the file describes what Assay does not model.
        BadData
            The file is broken; the error names all its faults.
        """
        path = _config_path(name)
        if path is not None:
            return Model.from_config(path)
        try:
            return _catalogued(model_record(name))
        except NotInCatalogue as error:
            return _fetched(name, error)

    @staticmethod
    def from_config(config: Mapping[str, Any] | Path, id: str = "") -> Model:
        """Return the model of a config.json, given as its path or as its content.

        Raises BadData and Unsupported as `load` does.
        """
        if isinstance(config, Path):
            return _read(read_json(config), id or str(config), None, str(config))
        return _read(config, id or "config.json", None, id or "config.json")

    @property
    def parameters(self) -> Parameters:
        """Its parameter counts."""
        return parameters(self.architecture)


def _config_path(name: str) -> Path | None:
    """Return the file that a name points to, or None where it is a name."""
    path = Path(name)
    if name.endswith(".json"):
        return path
    return path / "config.json" if path.is_dir() else None


def _catalogued(record: ModelRecord) -> Model:
    config = record.read_config()
    if config is None:
        raise Unsupported(
            f"the dimensions of {record.hf_id} are not published, or not found",
            "Pass the path of its config.json.",
        )
    content, file = config
    return _read(content, record.hf_id, record, file)


def _fetched(name: str, unknown: NotInCatalogue) -> Model:
    """Ask the hub for what looks like a repository; whatever prevents it is told beside the nearest ids."""
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise unknown
    try:
        content = fetch_config(name)
    except HubUnavailable as reason:
        unknown.hint = f"{unknown.hint} An id of the hub needs a network: {reason}."
        raise unknown from None
    return _read(content, name, None, f"{name}/config.json")


def _read(content: Mapping[str, Any], id: str, record: ModelRecord | None, file: str) -> Model:
    return Model(id, architecture(content, id, file), record, file)
