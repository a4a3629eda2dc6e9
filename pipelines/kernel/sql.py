"""Texts and names as SQL writes them."""


def literal(text: str) -> str:
    """Write a text."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Write a name."""
    return '"' + name.replace('"', '""') + '"'
