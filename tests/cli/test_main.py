"""The command as a user runs it: in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import assay
from assay.cli.main import VERBS

HEAVY = ("numpy", "pydantic", "markdown_it", "assay.catalogue", "assay.comparison")


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def test_help_lists_every_verb_on_stdout() -> None:
    found = run("--help")
    assert (found.returncode, found.stderr) == (0, "")
    for verb in VERBS:
        assert verb in found.stdout


def test_without_a_word_the_help_is_shown() -> None:
    assert run().stdout == run("--help").stdout


def test_version() -> None:
    assert run("--version").stdout.strip() == assay.__version__


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from assay.cli.main import main; code = main(['--help']); "
        f"sys.exit(code or ', '.join(name for name in {HEAVY} if name in sys.modules) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_of_its_own(verb: str) -> None:
    found = run(verb, "--help")
    assert (found.returncode, found.stderr) == (0, "")
    assert f"assay {verb}" in found.stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["compar"], 2, "no command 'compar'"),
        (["--nonsense"], 2, "no command '--nonsense'"),
        (["compare"], 2, "requires an argument"),
        (["catalogue", "show", "h200-smx"], 3, "h200-smx"),
        (["model", "show", "nonsense/model"], 3, "no model"),
        (["compare", "--model", "deepseek-ai/DeepSeek-R1", "--chip", "h2000", "--ttft", "2s"], 3, "no chip 'h2000'"),
        (
            ["compare", "--model", "deepseek-ai/DeepSeek-R1", "--chip", "h20", "--ttft", "soon"],
            2,
            "'soon' is not a time",
        ),
        (["compare", "--model", "deepseek-ai/DeepSeek-R1", "--chip", "./absent.toml"], 5, "absent.toml"),
    ],
)
def test_mistakes_are_told_on_stderr_with_their_exit_code(words: list[str], code: int, told: str) -> None:
    found = run(*words)
    assert found.stdout == ""
    assert told in found.stderr
    assert found.returncode == code
    assert "Traceback" not in found.stderr
    assert "\nhint: " in found.stderr or code != 3


def test_a_reader_that_leaves_early_hears_no_complaint() -> None:
    command = subprocess.Popen(
        [sys.executable, "-m", "assay", "catalogue", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert command.stdout is not None
    assert command.stderr is not None
    command.stdout.close()
    assert command.stderr.read() == ""
    command.stderr.close()
    assert command.wait(timeout=60) != 0


def test_a_terminal_that_lacks_a_character_is_no_error() -> None:
    assert run("--help", PYTHONIOENCODING="ascii").returncode == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_installed_for_every_verb(shell: str, tmp_path: Path) -> None:
    found = run("--install-completion", "--shell", shell, HOME=str(tmp_path))
    assert found.returncode == 0, found.stderr
    written = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    for verb in VERBS:
        assert verb in written


def test_json_is_one_object_and_nothing_else_on_stdout() -> None:
    words = ["compare", "--model", "Qwen/Qwen3-32B", "--chip", "h20", "--json"]
    assert json.loads(run(*words).stdout)["schema"] == "assay.compare/1"
