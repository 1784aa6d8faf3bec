"""Who is at the keyboard, for what is written down with a name."""

from __future__ import annotations

import getpass

from kg_platform.errors import SettingsError
from kg_platform.settings import Settings


def who(settings: Settings) -> str:
    """The name decisions are recorded under: KG_USER, or the operating system's user.

    Raises:
        SettingsError: neither is known.
    """
    if settings.user:
        return settings.user
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise SettingsError(
            "The operating system does not say who you are; set KG_USER to the name that your "
            "decisions are recorded under."
        ) from error
