"""Put the gallery into the site: one page of each task and cell, made from the registry."""

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from seqtasks.cli.gallery.measured import measurements
from seqtasks.cli.gallery.pages import Gallery, chosen, gallery_files
from seqtasks.cli.gallery.speeds import read_speeds

DOCS = Path(__file__).parent
SPEEDS = DOCS / "gallery" / "speeds.json"


def on_config(config: Any) -> Any:
    """List the pages beside the others."""
    tasks, cells = chosen([])
    config.nav.append(
        {
            "Gallery": [
                "gallery/index.md",
                {"Tasks": [{one.name: f"gallery/tasks/{one.name}.md"} for one in tasks]},
                {"Cells": [{one.name: f"gallery/cells/{one.name}.md"} for one in cells]},
            ]
        }
    )
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages and their pictures."""
    tasks, cells = chosen([])
    results = measurements([DOCS / "results.md"], [])
    for name, content in gallery_files(Gallery(tasks, cells, results, read_speeds(SPEEDS))).items():
        files.append(File.generated(config, f"gallery/{name}", content=content))
    return files
