"""Read from the name of a torch call whether it describes a tensor, or changes one in place."""

__all__ = ["ABOUT", "CHECKING", "PROPERTIES", "SHAPE_ALONE", "changes_in_place"]

SHAPE_ALONE = {"squeeze_", "unsqueeze_", "t_", "transpose_", "swapaxes_", "swapdims_", "detach_"}
"""Calls that change how a tensor sees its memory, and not what is in it."""

ABOUT = {
    "dim",
    "size",
    "__len__",
    "numel",
    "is_floating_point",
    "is_complex",
    "nelement",
    "ndimension",
    "stride",
    "is_contiguous",
    "get_device",
    "element_size",
    "__hash__",
    "type",
}
"""Tensor methods that describe a tensor and depend on none of its values."""

CHECKING = {"one_hot"}
"""Functions that look at values to check them, and raise an error or do the same for all."""

PROPERTIES = {
    "shape",
    "requires_grad",  # the trial runs the loop with gradients and without
    "dtype",
    "device",
    "layout",
    "ndim",
    "itemsize",
    "nbytes",
    "names",
    *(f"is_{what}" for what in ("cpu", "cuda", "mps", "xpu", "meta", "sparse", "quantized")),
    *(f"is_{what}" for what in ("mkldnn", "nested", "ipu", "xla", "vulkan", "maia", "mtia")),
}
"""Tensor properties of the same kind."""


def changes_in_place(name: str) -> bool:
    """Say whether the call of this name changes a tensor in place."""
    if name.endswith("__"):
        return name in ("__setitem__", "__set__") or (
            name.startswith("__i")
            and name not in ("__index__", "__int__", "__invert__", "__init__")
        )
    return name.endswith("_")
