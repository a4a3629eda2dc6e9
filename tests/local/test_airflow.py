"""A process for Airflow's commands that ends in the middle of one."""

import os
import signal

import pytest

from pipelines.local.airflow import Airflow
from pipelines.local.airflow_home import airflow_environment

pytestmark = pytest.mark.airflow


def test_a_command_whose_process_was_killed_ends_with_the_signal(home_settings, tmp_path):
    with Airflow(airflow_environment(home_settings)) as airflow:
        airflow.run(tmp_path / "version.log", "version")
        os.kill(airflow._process.pid, signal.SIGKILL)
        assert airflow.run(tmp_path / "killed.log", "version") == -signal.SIGKILL
