"""Every way a command can end: message and hint on stderr, nothing on stdout, the documented exit code."""

import pytest

from assay.cli.errors import exit_code_of
from assay.core.errors import AssayError, BadData, Fault, Infeasible, NotInCatalogue, Unsupported, UsageError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no"), 2),
        (NotInCatalogue("chip", "x", []), 3),
        (Infeasible("no"), 4),
        (BadData([Fault("f", "k", "p")]), 5),
        (Unsupported("no"), 6),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: AssayError, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise error

    assert exit_code_of(command) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"assay: error: {error.message}")


def test_a_hint_follows_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise UsageError("the request contradicts itself", "Leave one out.")

    exit_code_of(command)
    assert capsys.readouterr().err == "assay: error: the request contradicts itself\nhint: Leave one out.\n"


def test_success_is_zero_and_silent(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(lambda: None) == 0
    assert capsys.readouterr() == ("", "")


def test_an_interrupt_is_130_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise KeyboardInterrupt

    assert exit_code_of(command) == 130
    assert capsys.readouterr().err == ""


def test_a_bug_asks_for_a_report_on_two_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def command() -> None:
        raise ZeroDivisionError("division by zero\nand more")

    monkeypatch.delenv("ASSAY_DEBUG", raising=False)
    assert exit_code_of(command) == 70
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "assay: error: ZeroDivisionError: division by zero"
    assert "bug" in lines[1]
    assert len(lines) == 2


def test_a_bug_shows_its_traceback_to_those_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    def command() -> None:
        raise ZeroDivisionError

    monkeypatch.setenv("ASSAY_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        exit_code_of(command)
