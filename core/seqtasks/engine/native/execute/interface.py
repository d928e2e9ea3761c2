"""The structures that Python and C share, and the numbers that stand for names in C."""

import ctypes

from seqtasks.engine.contract.optimizer_values import OptimizerValues

__all__ = [
    "LOSSES",
    "OPTIMIZERS",
    "PROBLEMS",
    "Call",
    "Job",
    "Optimizer",
    "Parameter",
    "layouts_agree",
    "optimizer_structure",
]

LOSSES = {"symbols": 0, "sets": 1, "reals": 2}
OPTIMIZERS = {"adam": 0, "adamw": 1, "sgd": 2, "rmsprop": 3}
PROBLEMS = {
    1: "an input is not a symbol of the model's alphabet",
    2: "a target is not a symbol of the model's predictions",
    3: "there is too little memory for the threads",
}


class Parameter(ctypes.Structure):
    """A parameter, its optimiser's memory, its place among gradients, its first step."""

    _fields_ = [
        ("values", ctypes.c_void_p),
        ("first", ctypes.c_void_p),
        ("second", ctypes.c_void_p),
        ("offset", ctypes.c_long),
        ("size", ctypes.c_long),
        ("used_from", ctypes.c_long),
        ("steps", ctypes.c_long),
    ]


class Optimizer(ctypes.Structure):
    """How a step changes parameters, and how it computes the loss."""

    _fields_ = [
        ("kind", ctypes.c_int),
        ("reduce_by_sum", ctypes.c_int),
        ("loss", ctypes.c_int),
        ("nesterov", ctypes.c_int),
        *(
            (name, ctypes.c_double)
            for name in (
                "learning_rate",
                "beta1",
                "beta2",
                "epsilon",
                "weight_decay",
                "momentum",
                "alpha",
                "clip",
            )
        ),
    ]


def optimizer_structure(
    values: OptimizerValues, loss: str, reduction: str, clip: float | None
) -> Optimizer:
    """Return how a step changes parameters.

    Args:
        values: the optimiser's values.
        loss: a key of LOSSES.
        reduction: `mean` or `sum`.
        clip: the largest norm of the whole gradient.
    """
    return Optimizer(
        OPTIMIZERS[values.kind],
        reduction == "sum",
        LOSSES[loss],
        values.nesterov,
        values.learning_rate,
        values.beta1,
        values.beta2,
        values.epsilon,
        values.weight_decay,
        values.momentum,
        values.alpha,
        -1.0 if clip is None else clip,
    )


class Job(ctypes.Structure):
    """Training steps to make, the argument of `seqtasks_train`."""

    _fields_ = [
        ("parameters", ctypes.c_void_p),
        ("parameter_count", ctypes.c_long),
        ("blas", ctypes.c_void_p),
        ("one_thread", ctypes.c_void_p),
        ("optimizer", Optimizer),
        ("steps", ctypes.c_long),
        ("threads", ctypes.c_long),
        ("times", ctypes.c_void_p),
        ("batch_sizes", ctypes.c_void_p),
        ("inputs", ctypes.c_void_p),
        ("targets", ctypes.c_void_p),
        ("rates", ctypes.c_void_p),
        ("keys", ctypes.c_void_p),
        ("annealed", ctypes.c_void_p),
        ("annealed_leaves", ctypes.c_void_p),
        ("annealed_count", ctypes.c_long),
        ("losses", ctypes.c_void_p),
        ("memory", ctypes.c_void_p),
        ("memory_each", ctypes.c_long),
        ("made", ctypes.c_long),
        ("status", ctypes.c_int),
    ]


_CALL_FIELDS = (
    "inputs",
    "lengths",
    "given",
    "predictions",
    "finals",
    "histories",
    "predictions_back",
    "finals_back",
    "histories_back",
    "inputs_back",
    "given_back",
    "gradients",
    "memory",
)


class Call(ctypes.Structure):
    """One pass, the argument of `seqtasks_forward`, `seqtasks_along`, `seqtasks_backward`."""

    _fields_ = [
        ("parameters", ctypes.c_void_p),
        ("blas", ctypes.c_void_p),
        ("batch", ctypes.c_long),
        ("time", ctypes.c_long),
        ("rows_at_once", ctypes.c_long),
        ("steps_at_once", ctypes.c_long),
        *((name, ctypes.c_void_p) for name in _CALL_FIELDS),
        ("key", ctypes.c_uint64),
        ("first_row", ctypes.c_long),
        ("first_time", ctypes.c_long),
        ("draw_rows", ctypes.c_void_p),
    ]


def layouts_agree(library: ctypes.CDLL) -> bool:
    """Say whether a program's structures have the sizes and offsets that they have here."""
    count = ctypes.c_long.in_dll(library, "seqtasks_layout_count").value
    found = (ctypes.c_long * count).in_dll(library, "seqtasks_layout")
    return list(found) == _layout()


def _layout() -> list[int]:
    """Return the size of each structure, and after it the offset of each field.

    Parameter is 56 bytes on a machine of 64 bits: [56, 0, 8, 16, 24, 32, 40, 48, ...].
    """
    numbers: list[int] = []
    for structure in (Parameter, Optimizer, Job, Call):
        numbers.append(ctypes.sizeof(structure))
        numbers += [getattr(structure, field[0]).offset for field in structure._fields_]
    return numbers
