"""What people see in a terminal."""

from __future__ import annotations

import pytest

from kg_platform import console
from kg_platform.errors import BadInput


def test_titles_and_cells_are_text_never_markup(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table(("what",), [["[/red]"], ["a\nb\x1b[31m"]], title="[/bold] \x1b[31mJapan")
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == r"[/bold] \x1b[31mJapan"
    assert [line.strip() for line in shown[-2:]] == ["[/red]", r"a\nb\x1b[31m"]


def test_a_title_is_not_folded_to_the_width_of_its_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.print_table(("n",), [[1]], title="Run 20261124-172930-8af7")
    assert capsys.readouterr().out.startswith("Run 20261124-172930-8af7\n")


def test_words_of_others_steer_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "a\x1b[2Jb\u202ec\nsecond"
    console.print_text(hostile)
    console.note(hostile)
    console.fail(BadInput(hostile))
    said = capsys.readouterr()
    assert said.out == "a\\x1b[2Jb\\u202ec\nsecond\n"
    assert said.err == f"{said.out}kg: {said.out}"
