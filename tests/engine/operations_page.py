"""Writes the page that says of each function of torch how the engines take it."""

import types
from collections import defaultdict

import torch
from torch.overrides import get_overridable_functions

from seqtasks.engine.record.call_names import ABOUT, PROPERTIES, changes_in_place
from seqtasks.engine.record.complex.calls import COMPLEX
from seqtasks.engine.record.opened import opens
from seqtasks.engine.record.rules.rearranging import REARRANGING
from seqtasks.engine.record.rules.table import RULES
from seqtasks.engine.record.written.table import WRITTEN
from seqtasks.randomness.draw_functions import COUNTED

__all__ = ["VERDICTS", "functions_of_torch", "page", "verdict_on", "version"]

VERDICTS = {
    "a rule": (
        "Functions with a rule",
        "A program computes them, with torch's value and gradient.",
    ),
    "moves": (
        "Functions that move numbers",
        "One rule serves all of them: it runs the function on the places of the numbers.",
    ),
    "written": (
        "Functions that are written out",
        "A program computes them by others that have a rule, with torch's value and gradient.",
    ),
    "pairs": (
        "Functions of complex numbers",
        "A program holds a complex number as two real ones.",
    ),
    "inside": (
        "Functions that torch writes in Python",
        "The engine looks inside, and records what they call.",
    ),
    "in place": (
        "Functions that change a tensor in place",
        "If the step made the tensor, they are recorded as the function without the underscore.",
    ),
    "about": (
        "Functions that tell of a tensor",
        "They depend on no number in it.",
    ),
    "values": (
        "Functions whose result is no tensor, or has a shape that depends on values",
        "A step that decides by values does another thing for each row. The plain loop runs it.",
    ),
    "counted": (
        "Functions that draw random numbers by their place",
        (
            "In a run, and with a seed of your own, every engine draws the same numbers; see "
            "[Random numbers](../engines.md#random-numbers)."
        ),
    ),
    "draws": (
        "Other functions that draw random numbers",
        "The plain loop runs them, with the random stream of the run.",
    ),
    "rows": (
        "Functions that compute with all rows of a batch",
        "A program computes each row by itself. The plain loop runs them.",
    ),
    "losses": (
        "Losses",
        "A loss belongs to a task, not to a cell.",
    ),
    "complex": (
        "Functions of complex numbers without a form for pairs",
        "torch computes them for a program if they take parameters alone, else the plain loop.",
    ),
    "bits": (
        "Functions of whole numbers and bits",
        "A program holds whole numbers as floating-point numbers, which have no such bits.",
    ),
    "weights": (
        "Functions of matrices",
        "torch computes them for a program if they take parameters alone, else the plain loop.",
    ),
    "storage": (
        "Functions of memory, devices, sparse and quantised tensors",
        "They are about how numbers are stored, which a program decides itself.",
    ),
    "recurrent": (
        "torch's layers over sequences",
        "A program is a loop over steps of its own; use the cells of the same names.",
    ),
    "copies": (
        "Copies of views",
        "No cell calls them: each moves numbers, and has a rule without `_copy`.",
    ),
    "special": (
        "Special functions",
        "Neither engine has code for them; torch computes them of parameters alone.",
    ),
    "below": (
        "What torch's own layers end in",
        "A cell calls the layer, which has a rule or a reason of its own.",
    ),
    "none": (
        "Functions without a rule",
        "torch computes them for a program if they take parameters alone, else the plain loop.",
    ),
}
"""What a function may be: the title of its section, and what the section says."""

_VALUES = {
    *("item", "tolist", "numpy", "__bool__", "__int__", "__float__", "__index__", "__long__"),
    *("__complex__", "__contains__", "__nonzero__", "is_nonzero", "equal", "allclose", "unique"),
    *("unique_consecutive", "unique_dim", "nonzero", "nonzero_static", "argwhere", "masked_select"),
    *("bincount", "histc", "histogram", "histogramdd", "__array__", "__format__", "__repr__"),
    *("__dlpack__", "is_same_size", "result_type", "can_cast", "promote_types", "storage"),
    *("masked_scatter", "combinations", "__array_wrap__", "__reversed__"),
}
_ROWS = {
    *("batch_norm", "instance_norm", "cov", "corrcoef", "cdist", "pdist", "renorm", "addbmm"),
    *("_sync_batch_norm", "local_response_norm", "embedding_bag", "embedding_renorm"),
}
_BITS = {"gcd", "lcm", "frexp", "ldexp", "nextafter", "signbit", "copysign"}
_SHIFTS = {"__lshift__", "__rshift__", "__rlshift__", "__rrshift__"}
_ABOUT_TOO = {
    *("is_conj", "is_neg", "is_inference", "is_signed", "is_pinned", "is_shared", "is_distributed"),
    *("dim_order", "storage_offset", "data_ptr", "storage_type", "is_coalesced", "is_set_to"),
    *("requires_grad", "output_nr", "grad_fn", "grad_dtype"),
}
_STORAGE = {
    *("sparse", "quantized", "quantize", "dequantize", "fbgemm", "mkldnn", "cudnn", "miopen"),
    *("crow", "ccol", "col", "row", "storage", "coalesce", "nested", "fake", "q", "hook", "share"),
    *("resize", "pin", "record", "as", "int_repr", "cuda", "cpu", "xpu", "ipu", "mtia", "half"),
    *("bfloat16", "byte", "char", "short", "qscheme", "dense", "backward", "retain", "retains"),
    *("autocast", "const", "module", "hash", "values", "indices", "nnz", "dimI", "dimV", "smm"),
    *("sspaddmm", "hsmm", "hspmm", "saddmm", "reduce_ex", "setstate", "deepcopy", "dlpack", "sym"),
    *(
        "version",
        "base",
        "cdata",
        "grad",
        "hooks",
        "clear",
        "volatile",
        "name",
        "choose",
        "qparams",
    ),
}
"""Words in the names of functions of memory, devices, sparse and quantised tensors."""
_COMPLEX = {
    *("fft", "complex", "conj", "angle", "polar", "imag", "isreal", "cfloat", "cdouble", "chalf"),
    *("view_as_real", "view_as_real_copy", "stft", "istft"),
}
_MATRICES = {
    *("cholesky", "eig", "svd", "qr", "lu", "solve", "inverse", "pinverse", "det", "logdet", "ldl"),
    *("slogdet", "lstsq", "matrix", "geqrf", "orgqr", "ormqr", "lobpcg", "pca", "triangular"),
    *("linalg", "householder", "nuclear"),
}
_SPECIAL = {"digamma", "erfinv", "i0", "igamma", "igammac", "lgamma", "mvlgamma", "polygamma"}
_BELOW = {
    *("convolution", "constant_pad_nd", "conv_tbc", "native_batch_norm", "native_channel_shuffle"),
    *("native_group_norm", "native_layer_norm", "native_norm", "norm_except_dim", "index"),
    *("frobenius_norm", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d"),
    *("affine_grid_generator", "unsafe_split_with_sizes", "__div__", "_is_view"),
}
REASONS = {
    "adaptive_max_pool2d": "its windows differ in size; use max_pool2d",
    "adaptive_max_pool3d": "its windows differ in size; use max_pool3d",
    "dist": "it sums over the whole batch; use pairwise_distance",
    "flipud": "it turns the batch over",
    "float_power": "its result is float64 for every type; use pow",
    "fractional_max_pool2d": "it draws its windows",
    "fractional_max_pool3d": "it draws its windows",
    "gradient": "its differences at the ends are others; use diff",
    "index_put": "use an assignment, or scatter",
    "index_reduce": "torch calls it a beta, and may change it",
    "mode": "which of several places it names, torch does not say",
    "nanmedian": "use median of what is a number",
    "nanquantile": "use quantile of what is a number",
    "put": "it counts places through the whole batch; use scatter",
    "scatter_reduce": "of equal numbers, torch shares the gradient out in its own way",
    "sum_to_size": "it may sum over the batch; use sum",
    "take": "it counts places through the whole batch; use gather",
    "trace": "it takes one matrix, so only weights have it",
    "vsplit": "it splits the batch",
}
"""Why a function has no rule, and what to call in its place."""
_NUMBERS = {"T", "H", "mT", "mH", "data", "real"}
"""Properties that are tensors of the same numbers."""


def version() -> str:
    """Return the version of torch without its last parts, which add no function."""
    return ".".join(torch.__version__.split(".")[:2])


_RECURRENT = ("gru", "lstm", "rnn_relu", "rnn_tanh")
"""Layers; between them they may draw."""


def functions_of_torch() -> dict[str, list[object]]:
    """Return torch's own list of the functions that may be overridden, by name."""
    found: dict[str, list[object]] = defaultdict(list)
    for functions in get_overridable_functions().values():
        for function in functions:
            owner = getattr(getattr(function, "__self__", None), "__name__", "")
            found[owner if function.__name__ == "__get__" else function.__name__].append(function)
    for name in (*PROPERTIES, ""):
        found.pop(name, None)
    return found


def verdict_on(name: str, functions: list[object]) -> str:
    """Return the key of VERDICTS for a function's name."""
    if any(function in RULES for function in functions):
        return "a rule"
    if any(function in COUNTED for function in functions) and name not in _RECURRENT:
        return "counted"
    if any(function in WRITTEN for function in functions):
        return "written"
    if name in REARRANGING or name in _NUMBERS:
        return "moves"
    if name in COMPLEX:
        return "pairs"
    if name in ABOUT | _ABOUT_TOO or (name.startswith("is_") and name not in _VALUES):
        return "about"
    if changes_in_place(name):
        return "in place"
    if name in _VALUES:
        return "values"
    if name in _RECURRENT:
        return "recurrent"
    if _draws(name):
        return "draws"
    if name.endswith("_loss") or name in ("kl_div", "binary_cross_entropy_with_logits"):
        return "losses"
    if name in _ROWS or name.startswith("batch_norm"):
        return "rows"
    words = {name, name.strip("_"), *name.strip("_").split("_")}
    for about, verdict in ((_COMPLEX, "complex"), (_MATRICES, "weights"), (_STORAGE, "storage")):
        if words & about:
            return verdict
    if name in _BITS or name.startswith("bitwise") or "shift" in name.split("_") or name in _SHIFTS:
        return "bits"
    if any(isinstance(one, types.FunctionType) and opens(one) for one in functions):
        return "inside"
    if name.endswith("_copy"):
        return "copies"
    if name.startswith("special_") or name in _SPECIAL:
        return "special"
    return "below" if name in _BELOW else "none"


def _draws(name: str) -> bool:
    packet = getattr(torch.ops.aten, name, None)
    known = isinstance(packet, torch._ops.OpOverloadPacket)
    overloads = [getattr(packet, one) for one in packet.overloads()] if known else []
    drawn = any(torch.Tag.nondeterministic_seeded in one.tags for one in overloads)
    return drawn or "dropout" in name or name in ("gumbel_softmax", "rrelu", "multinomial")


def page() -> str:
    """Return the page."""
    found = functions_of_torch()
    sections: dict[str, list[str]] = {verdict: [] for verdict in VERDICTS}
    for name, functions in found.items():
        sections[verdict_on(name, functions)].append(name)
    ruled = sum(len(sections[one]) for one in ("a rule", "moves", "written", "pairs"))
    lines = [
        "# Operations",
        "",
        f"This page goes through the list of torch {version()}, and says of each function and",
        "method, by name, what the [engines](../engines.md) do with it.",
        f"{ruled} of {len(found)} have a rule.",
        "The page is generated, and a test holds it to the table of rules.",
    ]
    for verdict, (title, text) in VERDICTS.items():
        lines += ["", f"## {title}", "", text, ""]
        if verdict == "none":
            lines += [f"- `{name}`: {REASONS[name]}" for name in sorted(sections[verdict])]
        else:
            lines.append(", ".join(f"`{name}`" for name in sorted(sections[verdict])))
    return "\n".join(lines) + "\n"
