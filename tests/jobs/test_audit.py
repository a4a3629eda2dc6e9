import os
import pwd

from pipelines.jobs.audit import current_user


def test_it_is_the_user_of_the_process_whatever_the_environment_says(monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody-else")
    monkeypatch.setenv("USER", "somebody-else")
    assert current_user() == pwd.getpwuid(os.getuid()).pw_name != "somebody-else"


def test_a_user_without_a_name_is_told_by_number(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 4_711_999)
    assert current_user() == "user 4711999"
