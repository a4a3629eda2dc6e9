"""The truth is the generator's: counted by hand from the shares that were asked for."""

from pipelines.chaos.truth import truth


def test_the_shares_are_kept_and_every_message_has_a_place() -> None:
    made = truth("north", 1, 200)
    verdicts = made.sent["verdict"].to_pylist()
    # A tenth of 200 are copies, a twentieth poison.
    assert {each: verdicts.count(each) for each in set(verdicts)} == {
        "accepted": 170,
        "duplicate": 20,
        "quarantined": 10,
    }
    places = zip(made.sent["partition"].to_pylist(), made.sent["offset"].to_pylist(), strict=True)
    assert sorted(places) == [(partition, offset) for partition, end in made.ends.items() for offset in range(end)]
    assert sum(made.ends.values()) == 200


def test_only_accepted_messages_mean_something() -> None:
    made = truth("north", 2, 200)
    accepted = {(row["partition"], row["offset"]) for row in made.sent.to_pylist() if row["verdict"] == "accepted"}
    meant = set(zip(made.meant["partition"].to_pylist(), made.meant["offset"].to_pylist(), strict=True))
    assert meant <= accepted
    assert made.meant.num_rows > 4 * 170


def test_platforms_speak_for_the_tenant_whose_topic_it_is() -> None:
    made = truth("north", 1, 400)
    said = [each.value or b"" for part in made.parts for each in part]
    assert not any(b'"acme"' in value for value in said)
    assert any(b'"tenant_id":"north"' in value for value in said)


def test_the_same_seed_gives_the_same_messages_and_another_one_others() -> None:
    first, other = truth("north", 1, 100), truth("north", 2, 100)
    truth.cache_clear()
    assert truth("north", 1, 100) == first
    assert first.parts != other.parts
