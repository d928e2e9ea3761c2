"""Score all runs of a study anew, from their kept weights, at lengths of one's choice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from seqtasks.errors import UsageError
from seqtasks.models.caller_settings import own_settings
from seqtasks.runs.model_and_batches import draw_by_place, experiment_model
from seqtasks.runs.saved_state import fill
from seqtasks.scoring.anew import score_anew
from seqtasks.studies.directory import StudyDirectory
from seqtasks.studies.summary import summary_of
from seqtasks.studies.weights import runs_with_weights

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["score_study"]


@own_settings()
def score_study(
    study: "Study",
    lengths: str | None = None,
    over: str | None = None,
    sequences: int | None = None,
    seed: int | None = None,
) -> list[dict[str, Any]]:
    """Return the table of each setting with new scores; see `Study.summary`.

    Args:
        study: a study that kept its weights.
        lengths: the lengths to score at; None for the lengths of the experiments, or for none if
            `over` is given.
        over: a range of lengths over which to take the mean.
        sequences: the instances at each length.
        seed: the seed of the instances; None for each run's own.

    Raises:
        UsageError: if the study kept no weights, or a length is not allowed.
    """
    if study.path is None or not study.asked.keep_weights:
        raise UsageError(
            f"the study {study.path or study.name} kept no weights, so its runs cannot be scored "
            "anew; name one run, which is then trained again (--replica SEED), or make the study "
            "with --keep-weights"
        )
    found: list[dict[str, dict[int, dict[str, float]]]] = [{} for _ in study.settings]
    models: dict[int, Any] = {}
    numbers = {point: key for key, point in study.numbers.items()}
    path = StudyDirectory(study.path)
    for setting, point, weights in runs_with_weights(path):
        at, run_seed = numbers.get(point, (setting, -1))
        if at != setting or run_seed < 0:
            raise UsageError(f"{path.weights} is damaged: the study has no such point {point}")
        experiment = study.settings[setting].experiment.with_changes(seed=run_seed)
        if setting not in models:
            models[setting] = experiment_model(experiment, study.collected[setting].task)
            draw_by_place(models[setting])
        asked = (lengths, over, sequences, seed)
        scores = _scores(study, setting, run_seed, models[setting], weights, asked)
        for length, metrics in scores.items():
            found[setting].setdefault(length, {})[run_seed] = metrics
    return [_table(study, index, by_length) for index, by_length in enumerate(found) if by_length]


def _scores(
    study: "Study",
    setting: int,
    run_seed: int,
    model: Any,
    weights: Mapping[str, Tensor],
    asked: tuple[str | None, str | None, int | None, int | None],
) -> dict[str, dict[str, float]]:
    """Return the metrics of one run by length or range."""
    one = study.collected[setting]
    fill(model, dict(weights), study.path)  # pyright: ignore[reportArgumentType]
    experiment = one.experiment.with_changes(seed=run_seed)
    scores, over_range = score_anew(model.eval(), one.task, experiment, *asked)
    found = {str(score.length): score.metrics for score in scores}
    if over_range is not None:
        found[over_range.lengths] = over_range.metrics
    return found


def _table(
    study: "Study", index: int, by_length: Mapping[str, Mapping[int, Mapping[str, float]]]
) -> dict[str, Any]:
    outcomes = study.outcomes(index)
    names = [metric.name for metric in study.collected[index].task.metrics]
    scores = {
        length: {
            name: np.array([runs.get(int(s), {}).get(name, np.nan) for s in outcomes.seeds])
            for name in names
        }
        for length, runs in by_length.items()
    }
    one, parameters = study.collected[index], study.parameters[index] or 0
    return summary_of(
        study.settings[index], replace(outcomes, scores=scores), one.asked, parameters
    )
