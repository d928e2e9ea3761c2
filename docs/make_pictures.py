"""Draw the pictures of the pages from finished runs: `python docs/make_pictures.py RUNS_FOLDER`.

The folders: one with the experiments `notebook-*`, and the tutorial's, `FOLDER/tutorial/runs` after
`python docs/make_console.py --keep FOLDER tutorial.md`.

A page that shows `pictures/RUN-learning.png` gets RUN's loss and accuracy over training steps, and
one that shows `pictures/RUN-lengths.png` its scores over length: those of the run, or, if it was
scored at one length alone, those up to twice that length.
"""

import re
import sys
from pathlib import Path

from matplotlib.figure import Figure

import seqtasks as st
from seqtasks.runs.plots import learning_figure, lengths_figure

DOCS = Path(__file__).parent
SHOWN = re.compile(r"pictures/([\w-]+)-(learning|lengths)\.png")
LARGEST = 60_000  # bytes


def draw(result: st.Result, kind: str) -> Figure:
    """Return one of a run's two pictures."""
    if kind == "learning":
        return learning_figure(result)
    scores, untrained, trained = result.scores, result.untrained, result.experiment.length_range
    if len(scores) == 1:
        untrained = []
        scores = st.evaluate(result.model, result.task, f"1..{2 * trained.last}")
    return lengths_figure(scores, untrained, trained, result.experiment.run_name)


def main(folder: Path) -> None:
    """Draw every picture that a page shows of a run in the folder."""
    text = "".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    (DOCS / "pictures").mkdir(exist_ok=True)
    for run, kind in sorted(set(SHOWN.findall(text))):
        if not (folder / run / "result.json").exists():
            print(f"{run}-{kind}.png stays: no finished run {folder / run}")
            continue
        picture = DOCS / "pictures" / f"{run}-{kind}.png"
        draw(st.load(folder / run), kind).savefig(picture, dpi=100)
        size = picture.stat().st_size
        print(f"{picture.name}  {size / 1000:.0f} kB")
        if size > LARGEST:
            sys.exit(f"{picture} is larger than {LARGEST} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
