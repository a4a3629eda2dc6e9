import pytest

from pipelines.stream.loss import Loss, Position, loss


@pytest.mark.parametrize(
    ("position", "beginning", "end", "found"),
    [
        # the lake: next, shift, remade   broker, in its own offsets   kind, from, to, lost, next, shift
        (Position(None), 5, 9, None),
        (Position(5), 5, 5, None),
        (Position(5), 0, 9, None),
        (Position(5), 8, 9, ("expired", 5, 8, 3, 8, 0)),
        (Position(5), 8, 8, ("expired", 5, 8, 3, 8, 0)),
        (Position(5), 0, 2, ("behind", 5, 2, 0, 5, 3)),
        (Position(5, is_remade=True), 0, 0, ("remade", 5, 0, 0, 5, 5)),
        (Position(5, is_remade=True), 0, 99, ("remade", 5, 0, 0, 5, 5)),  # grown past the lake meanwhile
        (Position(5, is_remade=True), 2, 99, ("remade", 5, 2, 2, 7, 5)),  # and lost its first two besides
        # After a first remaking: the lake counts the broker's offset 0 as 100.
        (Position(103, 100), 0, 3, None),
        (Position(103, 100), 7, 9, ("expired", 3, 7, 4, 107, 100)),
        (Position(103, 100), 0, 1, ("behind", 3, 1, 0, 103, 102)),
        (Position(103, 100, is_remade=True), 0, 50, ("remade", 3, 0, 0, 103, 103)),
    ],
)
def test_a_gap_and_where_the_lake_goes_on(position, beginning, end, found):
    said = loss("t", 1, position, beginning + position.shift, end + position.shift)
    kind, *numbers = found or (None,)
    assert said == (Loss(kind, "t", 1, *numbers) if found else None)
