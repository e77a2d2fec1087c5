"""What the runner makes of the ends of its mutants."""

import pytest
import run
from run import BROKEN, KILLED, SURVIVED, Mutant, summary


def mutants(told, ends):
    """So many mutants that are to be killed, then as many as ends are left that may survive."""
    return [Mutant("a.cpp", "a", "b", "why", "a_test", "" if index < told else "no test can")
            for index in range(len(ends))]


@pytest.mark.parametrize("told, ends, failed, line", [
    (2, [KILLED, KILLED], 0, "2 killed, 0 failed, 0 survived as explained"),
    (2, [KILLED, SURVIVED], 1, "1 killed, 1 failed, 0 survived as explained"),
    (2, [KILLED, BROKEN], 1, "1 killed, 1 failed, 0 survived as explained"),
    (1, [KILLED, SURVIVED], 0, "1 killed, 0 failed, 1 survived as explained"),
    (1, [KILLED, KILLED], 1, "2 killed, 1 failed, 0 survived as explained"),
    (1, [KILLED, BROKEN], 1, "1 killed, 1 failed, 0 survived as explained"),
])
def test_only_a_list_of_killed_and_explained_mutants_passes(told, ends, failed, line):
    assert summary(mutants(told, ends), ends) == (failed, line)


@pytest.mark.parametrize("survivors, passes", [(1, True), (2, False)])
def test_no_more_than_five_of_a_hundred_may_be_said_to_survive(tmp_path, monkeypatch, survivors,
                                                               passes):
    row = "[[mutant]]\nfile = 'a.cpp'\nfind = 'a'\nput = 'b'\nwhy = 'c'\nkiller = 'a_test'\n"
    monkeypatch.setattr(run, "LIST", tmp_path / "mutants.toml")
    told = row * (20 - survivors) + (row + "survives = 'no test can'\n") * survivors
    run.LIST.write_text(told)
    if passes:
        assert len(run.load("")) == 20
    else:
        with pytest.raises(SystemExit, match="2 of 20"):
            run.load("")
