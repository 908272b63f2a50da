"""What is written for users is true: links lead somewhere, generated pages are fresh, examples run."""

from __future__ import annotations

import doctest
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import assay
from assay.cli.main import VERBS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_commands_page_is_fresh() -> None:
    """Regenerate with: python scripts/commands.py > docs/commands.md"""
    script = [sys.executable, str(ROOT / "scripts" / "commands.py")]  # a process of its own: consoles keep their width
    page = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == page


def test_the_picture_is_fresh() -> None:
    """Regenerate with: python scripts/picture.py > docs/images/demo.svg"""
    picture = runpy.run_path(str(ROOT / "scripts" / "picture.py"))["picture"]
    assert (ROOT / "docs" / "images" / "demo.svg").read_text(encoding="utf-8") == picture()


def test_the_picture_asks_nobody() -> None:
    picture = (ROOT / "docs" / "images" / "demo.svg").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"')\s]+", picture)) == {"http://www.w3.org/2000/svg"}


def test_the_example_of_the_package_runs() -> None:
    found = doctest.testmod(assay)
    assert found.attempted >= 3
    assert found.failed == 0


def test_the_example_of_the_readme_runs() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102  our own text


def test_every_command_is_in_the_readme_or_behind_it() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for verb in VERBS:
        assert f"assay {verb}" in text, f"the README does not mention assay {verb}"


def test_no_page_of_ours_names_a_machine_or_a_registry() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.])/(home|root|work)/", text)
        assert "index-url" not in text
