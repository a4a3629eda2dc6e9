import pytest

from pipelines.soundness.playback import Listed, State, difference, state_of


def add(path, **said):
    return {"add": {"path": path, "size": 5, "dataChange": True, "stats": '{"numRecords": 2}'} | said}


def remove(path):
    return {"remove": {"path": path, "dataChange": True}}


def txn(version, app_id="p"):
    return {"txn": {"appId": app_id, "version": version}}


@pytest.mark.parametrize(
    ("commits", "files", "progress", "contradictions"),
    [
        ([[add("a"), txn(1)], [add("b"), txn(5)]], "a b", 5, []),
        ([[add("a")], [remove("a"), add("b")]], "b", None, []),
        ([[add("a")], [add("a", dataChange=False)]], "a", None, []),  # said anew, as compaction may
        ([[add("a")], [remove("a"), add("a")]], "a", None, []),  # rewritten in place
        ([[add("a%20b")], [remove("a%20b")], [remove("a%20b")]], "", None, []),
        ([[add("a"), txn(3)], [add("b"), txn(3)]], "a b", 3, [("progress of p beyond 3", "3", 0)]),
        ([[txn(3)], [txn(4, "q")], [txn(2)]], "", 2, [("progress of p beyond 3", "2", 0)]),
        ([[add("a")], [add("a")]], "a", None, [("files that no earlier version has", "a, which version 0 added", 1)]),
        ([[add("a")], [remove("b")]], "a", None, [("files taken back that an earlier version added", "b", 1)]),
    ],
)
def test_commits_played_back(commits, files, progress, contradictions):
    state, found = State(), []
    for version, actions in enumerate(commits):
        found += state.apply(version, actions)
    assert ("%20" not in "".join(state.files), set(state.files)) == (True, set(files.split()))
    assert (state.version, state.progress.get("p")) == (len(commits) - 1, progress)
    assert [(each.expected, each.got, each.doubtful_from) for each in found] == contradictions


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ([add("a"), add("b"), txn(4)], None),
        ([add("a"), add("b")], None),  # progress may have been let go of
        ([add("a"), txn(4)], ("the 2 files that the commits come to", "1, 1 of them missing and 0 that do not belong")),
        ([add("a"), add("b"), txn(3)], ("progress 4 of p", "3")),
    ],
)
def test_a_checkpoint_against_the_commits(held, said):
    state = State()
    state.apply(0, [add("a"), add("b"), txn(4)])
    found = difference(state_of(0, held), state)
    assert (found is None) == (said is None)
    assert found is None or (found[0], found[1].startswith(said[1])) == (said[0], True)


def test_what_a_file_says_of_itself():
    said = Listed("a", 5, '{"numRecords": 2, "maxValues": {"offset": 7}}', 1)
    assert (said.row_count, said.highest("offset"), said.highest("value")) == (2, 7, None)
    assert Listed("a", 5, None, 1).row_count is None
