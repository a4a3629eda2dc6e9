"""Keep Airflow, which writes a folder when it is imported, out of the home of whoever runs the tests."""

import os
import tempfile

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="fieldstream-airflow-"))
