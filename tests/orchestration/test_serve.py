"""Airflow's commands in one process: what each says and how each ends is what it would be alone."""

import pytest

from pipelines.local.airflow import Airflow
from pipelines.local.airflow_home import airflow_environment


@pytest.mark.airflow
def test_each_command_has_its_own_log_and_exit_code_and_nothing_stays(home_settings, tmp_path):
    with Airflow(airflow_environment(home_settings)) as airflow:
        ends = [
            airflow.run(tmp_path / "version.log", "version"),
            airflow.run(tmp_path / "nonsense.log", "nonsense"),
            airflow.run(tmp_path / "again.log", "version"),
        ]
        process = airflow._process
    assert ends == [0, 2, 0]
    assert process.returncode == 0
    said = [(tmp_path / f"{name}.log").read_text() for name in ("version", "nonsense", "again")]
    assert said[0] == said[2]
    assert said[0].startswith("3.")
    assert "invalid choice: 'nonsense'" in said[1]
