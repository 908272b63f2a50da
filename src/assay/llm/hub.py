"""config.json of models outside the catalogue, from the Hugging Face hub: with `assay[hub]` and a network."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any, Final

TIMEOUT_S: Final = 5.0


class HubUnavailable(Exception):
    """The hub did not give the file; the message says why."""


def fetch_config(hf_id: str) -> dict[str, Any]:
    """Return the config.json of a repository, from the hub's cache or over the network, in one attempt.

    Raises
    ------
    HubUnavailable
        Without `huggingface_hub`, without a network, without such a repository, or without access to it.
    """
    if importlib.util.find_spec("huggingface_hub") is None:
        raise HubUnavailable("install assay[hub] to fetch models from the Hugging Face hub")
    try:
        content = json.loads(_text(hf_id))
    except Exception as error:  # errors of the hub, of its HTTP client, of the file system, of JSON
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise HubUnavailable(f"the Hugging Face hub did not give its config.json ({reason[:200]})") from error
    if not isinstance(content, dict):
        raise HubUnavailable("its config.json on the Hugging Face hub is not a JSON object")
    return content


def _text(hf_id: str) -> str:
    from huggingface_hub import get_session, get_token, hf_hub_url, try_to_load_from_cache

    cached = try_to_load_from_cache(hf_id, "config.json")
    if isinstance(cached, str):
        return Path(cached).read_text(encoding="utf-8")
    # hf_hub_download would retry for half a minute where there is no network.
    token = get_token()
    headers = {"authorization": f"Bearer {token}"} if token else {}
    url = hf_hub_url(hf_id, "config.json")
    answer = get_session().get(url, headers=headers, timeout=TIMEOUT_S, follow_redirects=True)
    answer.raise_for_status()
    return str(answer.text)
