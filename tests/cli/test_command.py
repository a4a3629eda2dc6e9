"""How the text of arguments is read."""

from argparse import ArgumentTypeError

import pytest

from pipelines.cli.command import positive, table_version


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("1000000", 1_000_000)])
def test_whole_numbers(text: str, number: int) -> None:
    assert positive(text) == number


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "many"])
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not a whole number from 1"):
        positive(text)


def test_a_table_and_its_version() -> None:
    assert table_version("silver.observations=3") == ("silver.observations", 3)


@pytest.mark.parametrize("text", ["silver.observations", "=3", "silver.observations=", "silver.observations=-1"])
def test_other_versions_are_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not TABLE=VERSION"):
        table_version(text)
