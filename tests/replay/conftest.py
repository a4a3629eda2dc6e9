"""A lake of its own for each test, and a stream that may judge as yesterday."""

from tests.yesterday import lake, take_in_yesterday

__all__ = ["lake", "take_in_yesterday"]
