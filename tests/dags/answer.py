"""Answer a question of a run that waits, as a person does: through Airflow's own API, in a process of its own."""

import sys
import time

from airflow.api_fastapi.app import create_app
from fastapi.testclient import TestClient

PATIENCE_S = 240


def main(dag_id: str, reason: str) -> None:
    client = TestClient(create_app())
    token = client.get("/auth/token").json()["access_token"]
    person = {"Authorization": f"Bearer {token}"}
    deadline = time.monotonic() + PATIENCE_S
    while not (
        asked := client.get(f"/api/v2/dags/{dag_id}/dagRuns/~/hitlDetails", headers=person).json()["hitl_details"]
    ):
        if time.monotonic() > deadline:
            sys.exit("nobody asked")
        time.sleep(1)
    task = asked[0]["task_instance"]
    print(asked[0]["subject"])
    place = f"/api/v2/dags/{dag_id}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/-1/hitlDetails"
    answer = {"chosen_options": ["Approve"], "params_input": {"reason": reason}}
    client.patch(place, headers=person, json=answer).raise_for_status()


if __name__ == "__main__":
    main(*sys.argv[1:])
