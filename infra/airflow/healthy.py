"""Health check of an Airflow service: exit 0 if the API server has heard its heartbeat lately.

`airflow jobs check` tells the same, but starts all of Airflow for four seconds of CPU, each minute and service.

    healthy.py triggerer|dag_processor [URL]
"""

import json
import sys
import urllib.request

API_SERVER = "http://airflow-api-server:8080"


def main(component: str, url: str = API_SERVER) -> int:
    """Return 0 if the component is healthy, else 1, saying what was heard."""
    try:
        with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310 - http, from our own compose file
            status = json.load(answer)[component]["status"]
    except (OSError, ValueError, KeyError, TypeError) as cause:
        status = f"unknown: {cause!r}"
    sys.stdout.write(f"{component}: {status}\n")
    return 0 if status == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
