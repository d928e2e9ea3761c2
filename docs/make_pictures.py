"""Draw the pictures of the pages from finished runs: `python docs/make_pictures.py RUNS_FOLDER`.

The folders: one with the experiments `notebook-*`, and the tutorial's, `FOLDER/tutorial/runs` after
`python docs/make_console.py --keep FOLDER tutorial.md`.

A page that shows `pictures/RUN-learning.png` gets RUN's loss and accuracy over training steps, and
one that shows `pictures/RUN-lengths.png` its scores over length: the run's own, or, if it was
scored at one length alone, scores up to twice that length. `pictures/STUDY-seeds.png` shows the
share of a study's seeds that solved the task.

`pictures/training-step.png` shows the figures in the table of the page Performance.
"""

import re
import sys
from pathlib import Path

from matplotlib.figure import Figure

import seqtasks as st
from seqtasks.benchmark.sizes import SIZES
from seqtasks.runs.plots import learning_figure, lengths_figure
from seqtasks.studies.plots import seeds_figure

DOCS = Path(__file__).parent
SHOWN = re.compile(r"pictures/([\w-]+)-(learning|lengths|seeds)\.png")
LARGEST = 60_000  # bytes
LOOKS = {
    "seed": ("#8a8a8a", "s", "loop written by hand"),
    "nn": ("#d9822b", "^", "torch.nn layer"),
    "jax": ("#9b59b6", "D", "JAX scan"),
    "native": ("#2a6fbb", "o", "seqtasks"),
}
"""Colour, marker and name of each contender."""


def draw(result: st.Result, kind: str) -> Figure:
    """Return one of a run's two pictures."""
    if kind == "learning":
        return learning_figure(result)
    scores, untrained, trained = result.scores, result.untrained, result.experiment.length_range
    if len(scores) == 1:
        untrained = []
        scores = st.evaluate(result.model, result.task, f"1..{2 * trained.last}")
    return lengths_figure(scores, untrained, trained, result.experiment.run_name)


def training_step_figure() -> Figure:
    """Return the picture of the table of training steps in the page Performance."""
    text = (DOCS / "performance.md").read_text(encoding="utf-8")
    table = text[text.index("| size | cell | seed |") :].partition("\n\n")[0].splitlines()
    head, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table]
    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, cell in zip(panels, ("concat", "lstm"), strict=True):
        own = [dict(zip(head, row, strict=True)) for row in rows if row[1] == cell]
        for contender, (colour, marker, label) in LOOKS.items():
            shown = [(at, float(row[contender])) for at, row in enumerate(own) if row[contender]]
            if shown:
                places, times = zip(*shown, strict=True)
                axes.plot(places, times, color=colour, marker=marker, label=label)
        axes.set_title(f"cell {cell}", fontsize="medium")
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(alpha=0.25)
        sizes = {size.name: size for size in SIZES.values()}
        labels = [f"{row['size']}\n{sizes[row['size']].width} wide" for row in own]
        axes.set_xticks(range(len(own)), labels, fontsize="small")
    panels[0].set_ylabel("ms a training step")
    panels[0].legend(fontsize="small")
    return figure


def main(folder: Path) -> None:
    """Draw the training steps, and every picture that a page shows of a run in the folder."""
    training_step_figure().savefig(DOCS / "pictures" / "training-step.png", dpi=100)
    text = "".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    (DOCS / "pictures").mkdir(exist_ok=True)
    for run, kind in sorted(set(SHOWN.findall(text))):
        if not (folder / run / "result.json").exists():
            print(f"{run}-{kind}.png stays: no finished run {folder / run}")
            continue
        picture = DOCS / "pictures" / f"{run}-{kind}.png"
        drawn = (
            seeds_figure(st.load_study(folder / run))
            if kind == "seeds"
            else draw(st.load(folder / run), kind)
        )
        drawn.savefig(picture, dpi=100)
        size = picture.stat().st_size
        print(f"{picture.name}  {size / 1000:.0f} kB")
        if size > LARGEST:
            sys.exit(f"{picture} is larger than {LARGEST} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
