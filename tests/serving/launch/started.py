"""What a script starts, found by letting bash run it with functions in place of the programs."""

import subprocess
from pathlib import Path

from assay.serving.launch.recipe import Recipe

FAKES = """
vllm() { printf '%s\\0' vllm "$@"; }
python() { printf '%s\\0' python "$@"; }
"""


def started(script: str, role: str, folder: Path, rank: int = 0) -> list[str]:
    """The words of the one command that a script starts on a node."""
    surroundings = {"NODE_RANK": str(rank), "HEAD_ADDR": "10.0.0.1", "NODE_ADDR": "10.0.0.2", "PATH": "/nowhere"}
    done = subprocess.run(
        ["/bin/bash", "-c", FAKES + script, "launch", role],
        capture_output=True,
        text=True,
        env=surroundings,
        cwd=folder,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split("\0")[:-1]


def arguments(words: list[str]) -> list[tuple[str, str | None]]:
    """The flags of a command, each with its value."""
    found: list[tuple[str, str | None]] = []
    for word in words:
        if word.startswith("--"):
            found.append((word, None))
        else:
            flag, value = found[-1]
            assert value is None, f"{flag} has two values"
            found[-1] = (flag, word)
    return found


def ranks(recipe: Recipe, name: str) -> list[int]:
    """The first and the last node of an instance."""
    (role,) = (role for role in recipe.roles if role.name == name)
    return sorted({0, role.nodes - 1})
