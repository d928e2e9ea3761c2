"""Read a page as a browser does: its elements, its addresses, its scripts, its data."""

import json
from html.parser import HTMLParser
from typing import Any

ADDRESSES = ("src", "href", "action", "formaction", "poster", "srcset", "data", "background")


class PageReader(HTMLParser):
    """The parts of a page.

    Attributes:
        tags: the name of each element, in order.
        addresses: the addresses that elements name.
        handlers: attributes that would be executed.
        scripts: the text of each script that is executed.
        data: the content of each block of JSON, by its id.
        texts: the text outside of scripts and styles, in order.
        policy: the content security policy.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.scripts: list[str] = []
        self.data: dict[str, Any] = {}
        self.texts: list[str] = []
        self.policy = ""
        self._inside: dict[str, str | None] | None = None
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """All text of the page, with single spaces."""
        return " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.addresses += [given[name] or "" for name in ADDRESSES if name in given]
        self.handlers += [name for name in given if name.startswith("on")]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        self._inside = {"tag": tag, **given} if tag in ("script", "style") else None

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._inside = None

    def handle_data(self, data: str) -> None:
        inside = self._inside
        if inside is None:
            self.texts.append(data)
        elif inside["tag"] == "script" and inside.get("type") == "application/json":
            self.data[str(inside["id"])] = json.loads(data)
        elif inside["tag"] == "script":
            self.scripts.append(data)
