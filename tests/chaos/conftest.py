from dataclasses import replace

import pytest


@pytest.fixture
def kafka_settings(home_settings, broker):
    """Settings that name the suite's broker, so that a sweep starts none of its own."""
    return replace(home_settings, kafka=broker.address, cores=1)
