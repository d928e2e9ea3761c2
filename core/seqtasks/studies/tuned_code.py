"""The code that a search may choose: none but what the record of its study holds."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.specs.grammar import parse_spec
from seqtasks.specs.lists import Choices

__all__ = ["check_code", "code_to_try"]


def code_to_try(search: Mapping[str, Choices]) -> list[dict[str, str]]:
    """Return the choices that name code of files and modules, to be tried at the beginning.

    So the record of the study holds all code that its points may run.
    """
    found: list[dict[str, str]] = []
    for name in ("cell", "readout"):
        texts = [str(getattr(item, "text", item)) for item in search.get(name, Choices(())).items]
        if len(texts) > 1:
            found += [{name: text} for text in texts if not parse_spec(text).is_registered]
    return found


def check_code(values: Mapping[str, Any], experiments: Sequence[Experiment]) -> None:
    """Refuse code that no point of the study has: its record may come from a stranger.

    Raises:
        UsageError: naming the cell or readout.
    """
    for name in ("cell", "readout"):
        if name not in values or parse_spec(str(values[name])).is_registered:
            continue
        wanted = _code(values[name])
        if wanted not in {_code(getattr(one, name)) for one in experiments}:
            raise UsageError(
                f"the study may choose the {name} {values[name]}, but no point of it holds that "
                "code; tune again with the command that made it"
            )


def _code(thing: Any) -> Any:
    if not isinstance(thing, str):
        return f"{thing.__module__}:{thing.__qualname__}"
    spec = parse_spec(thing)
    return f"{spec.module}:{spec.name}" if spec.module else (spec.path, spec.name)
