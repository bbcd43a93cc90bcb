"""Where a server is and which key opens it; the key comes from the environment alone and stays hidden."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ifir_eval.errors import RetrieverError

OPENAI = "https://api.openai.com/v1"
KEY = "IFIR_EVAL_API_KEY"
OPENAI_KEY = "OPENAI_API_KEY"
_SHOWN = 300


class RefusedTextError(RetrieverError):
    """A server refuses one request for what it holds, such as a text that is too long; others may pass."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server's address, which may be published, and its key, which may not; empty if it needs none."""

    url: str
    key: str = field(default="", repr=False)

    @classmethod
    def at(cls, url: str) -> Server:
        """The server at ``url``, with the key of ``IFIR_EVAL_API_KEY``, whichever server it is.

        Without that, OpenAI's own server gets the key of ``OPENAI_API_KEY``; no other server ever sees it.

        Raises:
            RetrieverError: if the address carries credentials or is none, or if the key cannot be one.
        """
        url = _checked(url)
        variable = OPENAI_KEY if urlsplit(url)[:2] == urlsplit(OPENAI)[:2] else KEY
        variable = KEY if os.environ.get(KEY, "").strip() else variable
        key = os.environ.get(variable, "").strip()
        if not all("!" <= character <= "~" for character in key):
            raise RetrieverError(
                f"the API key in {variable} holds spaces or characters outside ASCII; copy it again"
            )
        return cls(url, key)

    @property
    def host(self) -> str:
        """The address without protocol and path."""
        return urlsplit(self.url).netloc

    def quote(self, text: str) -> str:
        """The beginning of what the server said, as one line without the key."""
        # Before it is cut: half a key is still a secret.
        hidden = text.replace(self.key, "***") if self.key else text
        line = "".join(filter(str.isprintable, " ".join(hidden.split())))
        return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _checked(url: str) -> str:
    """``url`` without its final slash; errors do not repeat it, for it may hold a secret."""
    remedy = f"write it as http(s)://host/path, and an API key into the environment variable {KEY}"
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or True)
    except ValueError:
        usable = False
    if not usable:
        raise RetrieverError(f"--base-url is no address of a server; {remedy}")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise RetrieverError(
            f"--base-url holds a user name, a query or a fragment, which records would publish; {remedy}"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
