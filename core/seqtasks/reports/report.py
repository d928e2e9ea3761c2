"""Make the page of a run, a study or a folder: `seqtasks.report`."""

import html
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqtasks.display import shortened
from seqtasks.errors import UsageError, did_you_mean, one_line
from seqtasks.files.atomic import write_output
from seqtasks.files.outputs import check_output
from seqtasks.files.paths import as_path
from seqtasks.reports.extras import check_extras
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.listed_study import is_study
from seqtasks.runs.load import load
from seqtasks.runs.run_record import present_versions
from seqtasks.runs.training_run import Result
from seqtasks.studies import lifecycle
from seqtasks.studies.directory import StudyDirectory
from seqtasks.studies.reopen import load_study
from seqtasks.studies.study import Study

if TYPE_CHECKING:
    from collections.abc import Callable

    import altair as alt

    from seqtasks.reports.render import Page
    from seqtasks.reports.study_page import About

__all__ = ["MARK", "Report", "report"]

MARK = b'<meta name="generator" content="seqtasks '
"""What each page holds near its beginning; a page may take the place of a page."""
FRAME_HEIGHT = 800


@dataclass(repr=False)
class Report:
    """A page about a run, a study or a folder; a notebook shows it.

    Attributes:
        title: its title.
        html: the whole page.
        charts: its charts by name, for a notebook, as `altair` charts; of a folder there are none.
        path: the file, if it was written.
    """

    title: str
    html: str
    charts: Mapping[str, "alt.LayerChart"] = field(default_factory=dict[str, Any])
    path: Path | None = None

    def save(self, path: str | Path) -> Path:
        """Write the page as a file, whole or not at all.

        Raises:
            UsageError: if no file can be there.
            RunError: if it cannot be written, such as on a full disk.
        """
        self.path = check_place(path)
        write_output(self.path, self.html.encode())
        return self.path

    def open(self) -> None:
        """Show the page in the browser.

        Raises:
            UsageError: if it was not written to a file, or there is no browser.
        """
        if self.path is None:
            raise UsageError("the page is in no file yet: save it first, or name a file with out=")
        if not webbrowser.open(self.path.absolute().as_uri()):
            raise UsageError(f"found no browser that shows {self.path}; open the file yourself")

    def __repr__(self) -> str:
        """Return the title, the size and the file on one line."""
        where = "" if self.path is None else f", {self.path}"
        return shortened(f"<Report {self.title}: {len(self.html) / 1e6:.1f} MB{where}>")

    def _repr_html_(self) -> str:
        """Return a frame that shows the page, apart from the notebook's own styles and scripts."""
        return (
            f'<iframe title="{html.escape(self.title)}" srcdoc="{html.escape(self.html)}" '
            f'sandbox="allow-scripts" width="100%" height="{FRAME_HEIGHT}" '
            'style="border:0"></iframe>'
        )


def report(
    thing: "str | Path | Result | Study",
    out: str | Path | None = None,
    *,
    open: bool = False,  # noqa: A002 - it opens the page, as --open does
    trust: bool = False,
) -> Report:
    """Make a page about a run, a study or a folder of both: one file that needs nothing else.

    Args:
        thing: the directory of a run, of a study or of several; or a result, or a study.
        out: the file to write; None to write none.
        open: whether to show the file in the browser.
        trust: whether to execute code that came with a run or a study; this is remembered. Without
            it, the page of an untrusted run is made from its files alone: without worked examples
            and without its C program. So is the page of a study whose task is trusted.

    Returns:
        The page. A notebook shows it, and `charts` has its charts.

    Raises:
        UsageError: if there is no such run, study or folder; if it is damaged; if the file cannot
            be there; or if the extra `report` is not installed.

    Example:
        >>> import seqtasks as st
        >>> result = st.run("parity", cell="concat", steps=20, evaluation_lengths=(5,))
        >>> sorted(st.report(result).charts)
        ['lengths-accuracy', 'places']
    """
    check_extras()
    place = None if out is None else check_place(out)
    page, charts = _page_of(thing, place, trust)
    from seqtasks.reports.render import rendered

    made = Report(page.title, rendered(page), charts())
    if place is not None:
        made.save(place)
    if open:
        made.open()
    return made


def check_place(out: str | Path) -> Path:
    """Return the path of a page that is to be written.

    Raises:
        UsageError: if no file can be there.
    """
    place = as_path(out, "the file of the page")
    check_output(place, "page.html")
    return place


def _page_of(
    thing: Any, out: Path | None, trust: bool
) -> "tuple[Page, Callable[[], Mapping[str, Any]]]":
    """Return the page of anything, and a function that makes its charts for a notebook."""
    if isinstance(thing, Result):
        return _page_of_result(thing)
    if isinstance(thing, Study):
        return _page_of_study(thing)
    path = as_path(thing, "a run, a study or a folder")
    try:
        folder, run = path.is_dir(), (path / "experiment.json").is_file()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or one_line(error)}") from None
    if not folder:
        known = [one.name for one in path.parent.glob("*") if one.is_dir()]
        why = "it is no folder" if path.exists() else "there is no such folder"
        raise UsageError(
            f"{path} is no run, study or folder of them: {why}.{did_you_mean(path.name, known)}"
        )
    if run:
        return _page_of_run(RunDirectory(path), trust)
    if is_study(path):
        return _page_of_study_on_disk(path, trust)
    from seqtasks.reports.folder_page import folder_page

    return folder_page(path, out, trust), dict


def _page_of_result(result: Result) -> "tuple[Page, Callable[[], Mapping[str, Any]]]":
    from seqtasks.reports.opened_run import opened_run
    from seqtasks.reports.run_charts import run_charts
    from seqtasks.reports.run_page import run_page
    from seqtasks.reports.run_said import said_by_files, said_by_result

    on_disk = result.path is not None and (result.path / "experiment.json").is_file()
    if on_disk and result.path is not None:
        said = said_by_files(RunDirectory(result.path))
    else:
        said = said_by_result(result)
    opened = opened_run(result)
    return run_page(said, opened), partial(run_charts, said, opened)


def _page_of_run(
    directory: RunDirectory, trust: bool
) -> "tuple[Page, Callable[[], Mapping[str, Any]]]":
    from seqtasks.reports.opened_run import opened_run
    from seqtasks.reports.run_charts import run_charts
    from seqtasks.reports.run_page import run_page
    from seqtasks.reports.run_said import said_by_files

    said = said_by_files(directory)
    opened, why = None, ""
    try:
        opened = opened_run(load(directory.path, trust=trust))
    except UsageError as error:
        why = f"{error}."
    return run_page(said, opened, why), partial(run_charts, said, opened)


def _page_of_study_on_disk(
    path: Path, trust: bool
) -> "tuple[Page, Callable[[], Mapping[str, Any]]]":
    """Return the page of a study; its code is left alone if it is not trusted."""
    try:
        return _page_of_study(load_study(path, trust=trust))
    except UsageError as error:
        try:
            study = lifecycle.load_study(path, closed=True)
        except UsageError:  # it is damaged, or its task itself is not trusted
            raise error from None
        why = f"The code that came with the study was not executed: {error}."
        return _page_of_study(study, why)


def _page_of_study(
    study: Study, why_closed: str = ""
) -> "tuple[Page, Callable[[], Mapping[str, Any]]]":
    from seqtasks.reports.study_page import charts_of_study, study_page

    return study_page(study, _about(study, why_closed)), partial(charts_of_study, study)


def _about(study: Study, why_closed: str) -> "About":
    """Return what a study was asked for, and what answered."""
    from seqtasks.reports.still_pictures import still_pictures
    from seqtasks.reports.study_page import About

    record: dict[str, Any] = {}
    if study.path is not None and is_study(study.path):
        record = StudyDirectory(study.path).record()
    versions: dict[str, Any] = dict(record.get("versions") or present_versions())
    plugins = versions.pop("plugins", None)
    versions.update(plugins if isinstance(plugins, dict) else {})
    notes = [why_closed] if why_closed else []
    if study.unfinished:
        notes.append(
            f"{study.unfinished:,} of {study.runs:,} runs have not ended; the numbers are of "
            "those that have."
        )
    return About(
        face=study.face,
        command=study.asked.command,
        versions={str(name): str(version) for name, version in versions.items()},
        engines=[one.experiment.engine for one in study.settings],
        processor=str(record.get("processor", "")),
        notes=notes,
        pictures=still_pictures(study),
    )
