"""The part that a variable says it plays."""

from alliance.errors import suggest
from alliance.facts.roles import ROLES


def known_role(role: str) -> str:
    """Refuse a part that there is not."""
    if role not in ROLES:
        raise ValueError(f"there is no role '{role}'.{suggest(role, ROLES)} Known roles: {', '.join(ROLES)}")
    return role


def check_role(role: str | None, table: str) -> None:
    """Refuse a part that variables of a table cannot play.

    Raises
    ------
    ValueError
        Says which tables can.
    """
    if role is not None and table not in ROLES[role].tables:
        raise ValueError(
            f"'role: {role}' is for variables of {' or '.join(ROLES[role].tables)}, but this one stands in {table}; correct 'role' or "
            "'table'"
        )
