"""The JavaScript that draws charts in a browser: Vega, Vega-Lite and Vega-Embed in one piece."""

import re
from functools import cache

__all__ = ["LICENCE", "chart_library", "inline_script"]

LICENCE = """\
Charts are drawn by Vega, Vega-Lite and Vega-Embed, which are under the BSD 3-Clause licence.
Copyright (c) 2015-2025, University of Washington Interactive Data Lab and contributors.
All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted
provided that the following conditions are met: (1) Redistributions of source code must retain the
above copyright notice, this list of conditions and the following disclaimer. (2) Redistributions in
binary form must reproduce the above copyright notice, this list of conditions and the following
disclaimer in the documentation and/or other materials provided with the distribution. (3) Neither
the name of the copyright holder nor the names of its contributors may be used to endorse or promote
products derived from this software without specific prior written permission.

This software is provided by the copyright holders and contributors "as is" and any express or
implied warranties, including, but not limited to, the implied warranties of merchantability and
fitness for a particular purpose are disclaimed. In no event shall the copyright holder or
contributors be liable for any direct, indirect, incidental, special, exemplary, or consequential
damages (including, but not limited to, procurement of substitute goods or services; loss of use,
data, or profits; or business interruption) however caused and on any theory of liability, whether
in contract, strict liability, or tort (including negligence or otherwise) arising in any way out of
the use of this software, even if advised of the possibility of such damage."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)")


@cache
def chart_library() -> str:
    """Return the script that defines `vegaEmbed`. It makes no request and needs no network."""
    import altair as alt
    import vl_convert

    # The charts are written for the version of Vega-Lite that altair has.
    found = _VERSION.match(alt.SCHEMA_VERSION)
    known: list[str] = vl_convert.get_vegalite_versions()
    wanted = f"{found[1]}.{found[2]}" if found else None
    version = wanted if wanted in known else None
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version)
    # Its names stay its own; the page's script sees `vegaEmbed` alone.
    return inline_script(f"(() => {{{bundle}}})();")


def inline_script(text: str) -> str:
    r"""Return a script that cannot end the element it stands in.

    Example:
        >>> inline_script("x = '</script><!--'")
        "x = '<\\/script><\\!--'"
    """
    safe = re.sub(r"</(script)", r"<\\/\1", text, flags=re.IGNORECASE)
    return safe.replace("<!--", "<\\!--")
