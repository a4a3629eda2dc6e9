"""Fixtures for the whole suite: a home of its own, one Spark session, one real broker."""

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines import places
from pipelines.local import kafka
from pipelines.settings import Settings, from_environment
from tests.store import BUCKET, Store, make_bucket, store_in

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Tests start Java often and run it briefly: its quick compiler alone takes two thirds of the time of both.
os.environ["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1"


def settings_in(home: Path) -> Settings:
    """Settings of a home and a tenant that no other test uses; the cache of jars is shared."""
    tenant = f"t{uuid.uuid4().hex[:8]}"
    local = f"local[{from_environment({}).cores}]"
    return replace(from_environment(), home=home, tenant=tenant, kafka=None, kafka_port=None, spark_master=local)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the files among them, let them begin with those that take longest."""
    if hasattr(config, "workerinput"):
        items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    if item.path.stem == "test_demo":
        return 0
    return 1 if any(item.get_closest_marker(name) for name in ("spark", "airflow")) else 2


@pytest.fixture
def home_settings(tmp_path: Path) -> Settings:
    """In a folder with a name that a farm may have."""
    home = tmp_path / "o'neill & söhne 100%"
    home.mkdir()
    return settings_in(home)


@pytest.fixture
def new_settings(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Settings]:
    """As `home_settings`, for a test that needs several."""
    return lambda: settings_in(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator["SparkSession"]:
    from pipelines.jvm.spark import session

    started = session(settings_in(tmp_path_factory.mktemp("spark")))
    yield started
    started.stop()


@pytest.fixture(scope="session")
def _store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = store_in(tmp_path_factory.mktemp("store"))
    store.start()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in store.environment().items():
            environment.setenv(name, value)
        make_bucket(BUCKET)
    yield store
    store.stop()


@pytest.fixture
def store(_store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A real S3 store with a bucket, which the process's environment names."""
    for name, value in _store.environment().items():
        monkeypatch.setenv(name, value)
    places._bucket.cache_clear()
    return _store


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kafka.Broker]:
    settings = settings_in(tmp_path_factory.mktemp("kafka"))
    yield kafka.start(settings)
    kafka.stop(settings)
