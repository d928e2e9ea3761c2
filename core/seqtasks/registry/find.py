"""Find the class that a spec names, registered or in a file, and its parameters."""

import copy
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError, did_you_mean, explain, one_line
from seqtasks.registry.discovery import KINDS, Kind, current_registry
from seqtasks.registry.fitting_classes import fits, is_any_module, sizes_of, wanted
from seqtasks.registry.module_classes import ModuleNotThereError, class_from_module
from seqtasks.registry.user_files import class_from_file
from seqtasks.specs.bind import ANY_VALUE, Parameter, bind, parameters_of
from seqtasks.specs.grammar import Spec, SpecError, parse_spec
from seqtasks.specs.size_parameters import SizeParameters
from seqtasks.tasks import Reals, Task, Tokens, TokenSets
from seqtasks.tasks.lengths import AllowedLengths
from seqtasks.tasks.metrics import Metric
from seqtasks.tasks.settings import Settings

__all__ = ["Found", "build_task", "find", "names", "parameters_for", "task", "unchecked_task"]


@dataclass(frozen=True)
class Found:
    """A target (a class, or a registered instance) and the values of its parameters.

    Attributes:
        spec: the spec that names it.
        target: the target.
        parameters: the values of its parameters.
        sizes: of a torch module that is no `Cell`, which parameters take the sizes.
    """

    spec: Spec
    target: Any
    parameters: dict[str, Any]
    sizes: SizeParameters | None = None

    @property
    def name(self) -> str:
        """A short name: the registered name, or the name of the class in a file or module."""
        return self.spec.name if self.spec.is_registered else self.target.__name__


def find(kind: Kind, text: str, base: type, given: Sequence[str] = ()) -> Found:
    """Return the target that a spec string names.

    Args:
        kind: the kind in which to look up a registered name.
        text: the spec string.
        base: the class that the target must be a subclass (or an instance) of.
        given: the parameters that the caller itself fills in.

    Raises:
        UsageError: for an unknown name, file, module, class or parameter.
    """
    spec, target = _named(kind, text, base)
    if isinstance(target, base):
        return Found(spec, target, bind(spec, lambda: None))
    return _bound(spec, target, kind, given)


def parameters_for(kind: Kind, text: str, base: type, given: Sequence[str] = ()) -> list[Parameter]:
    """Return the parameters of the target that a spec string names; see `find`.

    Raises:
        UsageError: for an unknown name, file, module or class.
    """
    _, target = _named(kind, text, base)
    if isinstance(target, base):
        return []
    if is_any_module(target, kind):
        return parameters_of(target, (), ANY_VALUE)
    return parameters_of(target, given)


def _named(kind: Kind, text: str, base: type) -> tuple[Spec, Any]:
    """Return a parsed spec string, and the class or the registered instance that it names."""
    spec = parse_spec(text)
    if spec.path is not None:
        return spec, class_from_file(Path(spec.path), spec.name, base, kind)
    registry = current_registry()
    if spec.module is not None:
        try:
            return spec, class_from_module(spec, base, kind, registry.names(kind))
        except ModuleNotThereError:
            if registry.get(kind, spec.module) is None:
                raise
            raise SpecError(
                text, spec.name_column, "expected a parameter, written key=value"
            ) from None
    entry = registry.entry(kind, spec.name)
    target = registry.load(entry)
    if fits(target, base, kind) or isinstance(target, base):
        return spec, target
    raise UsageError(
        f"{kind} '{spec.name}' of plugin {entry.plugin} ({entry.distribution}) is not "
        f"{wanted(base, kind)}"
    )


def _bound(spec: Spec, target: Any, kind: Kind, given: Sequence[str]) -> Found:
    """Return a class with the parameters that a spec sets."""
    if not is_any_module(target, kind):
        return Found(spec, target, bind(spec, target, given))
    sizes = sizes_of(target, spec)
    return Found(spec, target, bind(spec, target, (), ANY_VALUE, sizes.names), sizes)


def names(kind: str = "task") -> list[str]:
    """Return the registered names of one kind, sorted. Imports no torch.

    Args:
        kind: `task`, `cell`, `readout` or `experiment`.

    Raises:
        UsageError: if there is no such kind.

    Example:
        >>> import seqtasks as st
        >>> "bitflip" in st.names("task"), st.names("readout")
        (True, ['concat', 'state', 'sum'])
    """
    kinds: dict[str, Kind] = {one: one for one in KINDS if one != "command"}
    if kind not in kinds:
        nearest = did_you_mean(str(kind), kinds) or f" Known: {', '.join(kinds)}."
        raise UsageError(f"there is no kind {kind!r:.60}.{nearest}")
    return current_registry().names(kinds[kind])


def task(spec: str | Task | type[Task]) -> Task:
    """Return the task that a spec string names. Imports no torch.

    Example:
        >>> import seqtasks as st
        >>> st.task("bitshift:shift=2")
        BitShift(shift=2)
    """
    if isinstance(spec, Task):
        return _checked(spec)
    if inspect.isclass(spec):
        if not issubclass(spec, Task):
            raise UsageError(f"{spec.__name__} is not a task: it must be a subclass of Task")
        return build_task(spec, {}, spec.__name__)
    if not isinstance(spec, str):
        raise UsageError(f"a task is a spec string or a Task, got {type(spec).__name__}")
    return _checked(unchecked_task(spec))


def unchecked_task(spec: str) -> Task:
    """Return the task that a spec string names, which may lack something that a task must define.

    Raises:
        UsageError: if there is no such task, or it cannot be made.
    """
    found = find("task", spec, Task)
    if isinstance(found.target, Task):
        made = copy.copy(found.target)  # a registered instance may have several names
    else:
        made = _made(found.target, found.parameters, spec)
    if found.spec.is_registered:
        object.__setattr__(made, "registered_name", found.spec.name)  # it may be frozen
    return made


def build_task(cls: type[Task], parameters: dict[str, Any], spec: str) -> Task:
    """Make a task and check that it defines everything that a task must."""
    return _checked(_made(cls, parameters, spec))


def _made(cls: type[Task], parameters: dict[str, Any], spec: str) -> Task:
    try:
        return cls(**parameters)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"task {spec} cannot be made: {one_line(error)}") from error


def _checked(made: Task) -> Task:
    """Return a task after checking that it defines everything that a task must.

    Raises:
        UsageError: naming the missing or wrong part.
    """
    name = type(made).__name__
    try:
        _check_parts(made, name)
    except UsageError:
        raise
    except Exception as error:  # an attribute may be a property in the author's code
        raise UsageError(f"task {name} cannot say what it is: {explain(error)}") from error
    return made


def _check_parts(made: Task, name: str) -> None:
    for side, kinds in (("inputs", Tokens | Reals), ("targets", Tokens | TokenSets | Reals)):
        if not isinstance(getattr(made, side, None), kinds):
            raise UsageError(f'{name} must say its {side}: `{side} = Tokens("01")` or `Reals(2)`')
    given: Any = made.metrics
    many = isinstance(given, tuple | list) and bool(given)
    if not many or not all(isinstance(one, Metric) for one in given):
        raise UsageError(
            f"{name}.metrics must be a tuple of metrics, such as `(seqtasks.token_accuracy,)`, "
            f"got {given!r}"[:200]
        )
    if isinstance(made.targets, Reals) and {"token_accuracy", "sequence_accuracy"} & {
        metric.name for metric in made.metrics
    }:
        raise UsageError(
            f"{name} has real targets, which accuracy cannot score: "
            "set `metrics = (seqtasks.mean_squared_error,)`"
        )
    if made.layout not in ("each", "end", "after"):
        raise UsageError(f"{name}.layout must be each, end or after, got {made.layout!r}")
    for part, kind in (("lengths", AllowedLengths), ("settings", Settings)):
        held = getattr(made, part)
        if not isinstance(held, kind):
            wanted = f"{kind.__module__}.{kind.__name__}"
            raise UsageError(f"{name}.{part} must be a {wanted}, got {held!r}")
