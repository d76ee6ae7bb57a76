"""Database URLs: parsing, display without secrets, and removal of secrets from other messages."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from hrsnn.errors import InputError

#: Options of a URL that may contain a password in any driver: password, sslpassword, passwd, pwd, odbc_connect, and so on.
_SECRET = re.compile(r"pass|pwd|secret|token|key|connect$|dsn", re.IGNORECASE)
#: Parts of a URL as SQLAlchemy parses it.
_PARTS = re.compile(r"(?P<scheme>[\w+]+)://(?:[^:/]*(?::[^@]*)?@)?(?P<place>[^?]*)")
_HIDDEN = "***"


@dataclass(frozen=True, repr=False)
class DatabaseUrl:
    """A URL that SQLAlchemy can read."""

    #: URL as given by the user.
    text: str
    #: URL for messages, without the password and the options.
    shown: str
    #: Strings that must not be in a message, the longest first.
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return f"DatabaseUrl({self.shown!r})"

    def hidden(self, message: str) -> str:
        """Return a message with the secrets removed.

        Examples
        --------
        >>> read_url("postgresql://me:moon@db-host/search").hidden("no 'moon' here")
        "no '***' here"
        """
        for secret in self.secrets:
            message = message.replace(secret, _HIDDEN)
        return message

    def cause(self, error: BaseException) -> BaseException | None:
        """Return `error` as the cause for an exception; None if its traceback would show a secret."""
        trace = "".join(traceback.format_exception(error))
        return None if self.hidden(trace) != trace else error


def read_url(text: str) -> DatabaseUrl:
    """Parse the URL of a database.

    Raises
    ------
    InputError
        When it is invalid. The message shows only its scheme, since the end of the password is not known.

    Examples
    --------
    >>> read_url("postgresql+psycopg://me:moon@db-host/search?sslpassword=sun").shown
    'postgresql+psycopg://me:***@db-host/search'
    >>> read_url("postgresql://me:mo@on@db-host/search")
    Traceback (most recent call last):
    hrsnn.errors.InputError: storage = 'postgresql://***': must be dialect+driver://user@host:port/database, ...
    """
    import sqlalchemy
    from sqlalchemy.exc import ArgumentError

    try:
        url = sqlalchemy.engine.make_url(text)
    except (ArgumentError, ValueError):
        url = None
    parts = _PARTS.match(text)
    # an @ that is not a separator: the text before it may be part of a password
    lost = parts is None or ("@" in parts["place"] and not parts["place"].startswith("/"))
    if url is None or lost:
        shown = f"{parts['scheme'] if parts else _HIDDEN}://{_HIDDEN}"
        allowed = "must be dialect+driver://user@host:port/database, with @ in a user name or password written as %40"
        raise InputError("storage", shown, allowed) from None
    options = [one for key, values in url.normalized_query.items() if _SECRET.search(key) for one in values]
    words = [one for one in (url.password, *options) if one]
    written = {form for one in words for form in (one, repr(one)[1:-1], quote(one), quote(one, safe=" +"), quote_plus(one))}
    shown = url.set(query={}).render_as_string(hide_password=True)
    return DatabaseUrl(text, shown, (text, *sorted(written, key=len, reverse=True)))


def shown_name(name: str) -> str:
    """Return the name of a file for messages; in one that looks like a mistyped URL, a possible password is removed.

    Examples
    --------
    >>> shown_name("runs/a.db"), shown_name("postgresql:/me:moon@db-host/search")
    ('runs/a.db', 'postgresql:/me:***@db-host/search')
    """
    return re.sub(r":(?!/).*@", f":{_HIDDEN}@", name, flags=re.DOTALL)
