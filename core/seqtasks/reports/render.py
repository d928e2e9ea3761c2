"""Fill the templates of a page, with everything that it needs inside it."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from seqtasks import __version__
from seqtasks.display import printable
from seqtasks.reports.chart_scripts import LICENCE, chart_library, inline_script

__all__ = ["Page", "json_for_page", "rendered"]

_TEMPLATES = "templates"


@dataclass(frozen=True)
class Page:
    """What a page says, before it is written as HTML.

    Attributes:
        template: the name of its template.
        title: its title.
        said: the values that the template shows, by name.
        charts: the charts by the name of their place in the template.
        data: what the page's script reads, as plain data.
    """

    template: str
    title: str
    said: Mapping[str, Any]
    charts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


def rendered(page: Page) -> str:
    """Return a page as one HTML file that needs nothing else."""
    style = _template_file("page.css")
    script = inline_script(_template_file("page.js"))
    library = chart_library() if page.charts else ""
    specs = {name: chart.to_dict(validate=False) for name, chart in page.charts.items()}
    hashes = " ".join(f"'{_digest(one)}'" for one in (library, script) if one)
    # Only these two scripts run, and no request leaves the page. Charts set styles by script.
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    template = _environment().get_template(page.template)
    return template.render(
        page.said,
        title=page.title,
        version=__version__,
        policy=policy,
        style=Markup(style),
        script=Markup(script),
        library=Markup(library),
        licence=LICENCE,
        charts_json=json_for_page(specs),
        data_json=json_for_page(page.data),
    )


def json_for_page(data: Any) -> Markup:
    r"""Return plain data as JSON that can stand inside a page, whatever texts it holds.

    Example:
        >>> print(json_for_page({"name": "</script>\u2028"}))
        {"name":"\u003c/script\u003e\u2028"}
    """
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("seqtasks.reports", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A name may come from a stranger: it is shown, and it steers nothing.
        finalize=lambda value: printable(value) if type(value) is str else value,
    )


def _template_file(name: str) -> str:
    return (files("seqtasks.reports") / _TEMPLATES / name).read_text("utf-8")


def _digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
