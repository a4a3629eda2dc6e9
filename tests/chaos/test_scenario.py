"""The promises a scenario may name are the ones that the design makes, in its order."""

from pipelines.chaos.scenario import PROMISES, Outcome


def test_the_promises_are_seven_and_each_says_what_it_means() -> None:
    assert list(PROMISES) == [f"P{number}" for number in range(1, 8)]
    assert len(set(PROMISES.values())) == 7


def test_an_outcome_holds_unless_something_was_found() -> None:
    assert Outcome(1, 3).breaches == ()
