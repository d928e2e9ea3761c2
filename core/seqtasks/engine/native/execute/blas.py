"""Find the address of the matrix product of an installed BLAS library."""

import ctypes
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

__all__ = ["Blas", "find_blas"]


class Blas:
    """The products of a BLAS library, and its switch to one thread.

    Attributes:
        products: the address of `gemm`, by element size in bytes.
        one_thread: the address of a function that sets the calling thread's number of threads and
            returns the number before; 0 if there is none.
    """

    def __init__(self, products: dict[int, int], one_thread: int) -> None:
        self.products, self.one_thread = products, one_thread


@cache
def find_blas() -> Blas | None:
    """Return the BLAS in torch's own library, else SciPy's, else None."""
    return _of_torch() or _of_scipy()


def _of_torch() -> Blas | None:
    folder = Path(torch.__file__).parent / "lib"
    for name in ("libtorch_cpu.so", "libtorch_cpu.dylib"):
        try:
            library = ctypes.CDLL(str(folder / name))
            products = {4: _address(library, "sgemm_"), 8: _address(library, "dgemm_")}
        except (OSError, AttributeError):
            continue
        try:
            one_thread = _address(library, "MKL_Set_Num_Threads_Local")
        except AttributeError:
            one_thread = 0
        return Blas(products, one_thread)
    return None


def _of_scipy() -> Blas | None:
    try:
        cython_blas: Any = import_module("scipy.linalg.cython_blas")
    except ImportError:
        return None
    capsules = cython_blas.__pyx_capi__
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    name = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    found = {
        size: pointer(capsules[routine], name(capsules[routine]))
        for size, routine in ((4, "sgemm"), (8, "dgemm"))
    }
    return Blas({size: address or 0 for size, address in found.items()}, 0)


def _address(library: ctypes.CDLL, name: str) -> int:
    return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0
