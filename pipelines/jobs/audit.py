"""Who did what goes on record, where they do not say."""

import os
import pwd


def current_user() -> str:
    """Return the name of the user whose process this is; in a container that user may have a number alone."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
