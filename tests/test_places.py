"""A key of a bucket answers as a folder's path does, word for word."""

import pickle
from pathlib import Path

import pytest

from pipelines import places
from pipelines.errors import StoreRefused, StoreUnreachable
from pipelines.places import BucketPath, Place, for_arrow, place, put, store_error
from tests.store import BUCKET


@pytest.fixture(params=["disk", "bucket"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A table's folder: a log of two commits, and a file."""
    if request.param == "bucket":
        request.getfixturevalue("store")
    found = place(str(tmp_path) if request.param == "disk" else f"s3://{BUCKET}/places")
    for name, content in {"_delta_log/0.json": b"{}", "_delta_log/1.json": b"{}\n{}", "a.parquet": b"PAR1"}.items():
        put(found / name, content)
    return found


def test_what_lies_there(root: Place) -> None:
    log = root / "_delta_log"
    assert {each.name for each in root.iterdir()} == {"_delta_log", "a.parquet"}
    assert {each.name: each.stat().st_size for each in log.iterdir()} == {"0.json": 2, "1.json": 5}
    assert [each.name for each in root.rglob("*.parquet")] == ["a.parquet"]
    assert {each.name for each in root.glob("*/*.json")} == {"0.json", "1.json"}
    assert list(root.glob("*.json")) == []
    assert (root.is_dir(), log.is_dir(), (root / "a.parquet").is_dir(), (root / "b").is_dir()) == (
        True, True, False, False,
    )  # fmt: skip
    assert (log.exists(), (root / "a.parquet").exists(), (root / "b").exists()) == (True, True, False)


def test_what_is_read_written_and_deleted(root: Place) -> None:
    file = root.joinpath("_delta_log", "1.json")
    assert (file.read_text(), file.read_bytes(), file.name) == ("{}\n{}", b"{}\n{}", "1.json")
    put(file, b"[]")
    assert (file.read_text(), file.stat().st_size) == ("[]", 2)
    file.unlink()
    file.unlink(missing_ok=True)
    assert not file.exists()
    for refused in (file.read_bytes, file.stat):
        with pytest.raises(FileNotFoundError):
            refused()


def test_a_place_is_its_address_and_travels() -> None:
    key = place("s3://lake/demo")
    assert isinstance(key, BucketPath)
    assert str(key / "bronze" / "events") == "s3://lake/demo/bronze/events"
    assert place(str(key)) == key == pickle.loads(pickle.dumps(key))
    assert place("/srv/lake") == Path("/srv/lake")
    assert for_arrow(["/srv/a", "/srv/b"]) == (["/srv/a", "/srv/b"], None)


def test_a_deletion_of_what_is_not_there_says_so(root: Place) -> None:
    if isinstance(root, Path):
        with pytest.raises(FileNotFoundError):
            (root / "b").unlink()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        # As Arrow 26 and delta-rs 1.6.6 write it.
        (
            "For bucket 'lake': AWS Error ACCESS_DENIED during HeadBucket operation",
            StoreRefused,
        ),
        ("AWS Error SIGNATURE_DOES_NOT_MATCH during ListObjectsV2 operation: The request signature", StoreRefused),
        ("Kernel error -> The operation lacked the necessary privileges to complete for path x", StoreRefused),
        ("Generic S3 error ↳ Server returned non-2xx status code ↳ 403 Forbidden", StoreRefused),
        ("AWS Error NETWORK_CONNECTION during HeadBucket operation: curlCode: 7", StoreUnreachable),
        ("Generic S3 error ↳ HTTP error ↳ error sending request", StoreUnreachable),
    ],
)
def test_what_a_client_writes_of_a_store_is_told(said: str, kind: type[Exception]) -> None:
    found = store_error("s3://lake", OSError(said))
    assert type(found) is kind
    assert "s3://lake" in str(found)
    assert "↳" not in str(found)


def test_other_errors_are_of_no_store() -> None:
    assert store_error("s3://lake", OSError("No space left on device")) is None
    assert store_error("s3://lake", OSError("Generic LocalFileSystem error")) is None


def test_a_bucket_is_looked_for_before_anything_of_it_passes_for_empty(store: object) -> None:  # noqa: ARG001
    with pytest.raises(StoreRefused, match=r"s3://nobodys.*expected a bucket, got none of that name"):
        place("s3://nobodys/lake").exists()
    with pytest.raises(StoreRefused, match="none of that name"):
        places.delta_options("s3://nobodys/lake")
