"""The log density as an operation of PyTensor, so that PyMC models can hold it and samplers run it without returning to Python.

The density itself is compiled once, into a function with a C interface that is kept on disk. The operation receives the function's address
with the data and jumps there: what is compiled around it for a model is small, and the same for every model.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from llvmlite import ir
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from alliance.likelihood.compiling import compiled_for_c, fingerprint
from alliance.likelihood.density import PRIORS, log_density_around
from alliance.likelihood.lanes import LANES
from alliance.likelihood.layout import Statistics

# Whole numbers at the head of the packed data.
_ADDRESS, _SIZE, _LAYOUT, _BLOCKS, _PRODUCTS, _POOLED, _THERAPISTS, _PACKED = range(8)
_POINTER = types.CPointer(types.float64)


def _density_of_packed(integers, n_integers, numbers, n_numbers, standard, gradient):
    whole, real = carray(integers, n_integers), carray(numbers, n_numbers)
    size, n_layout, blocks, n_products = whole[_SIZE], whole[_LAYOUT], whole[_BLOCKS], whole[_PRODUCTS]
    n_pooled, therapists = whole[_POOLED], whole[_THERAPISTS]
    layout = whole[_PACKED : _PACKED + n_layout]
    owner = whole[_PACKED + n_layout :].reshape(blocks, LANES)
    a = blocks * n_products * LANES
    b = a + n_pooled
    c = b + blocks * LANES
    d = c + therapists
    e = d + PRIORS
    f = e + size
    return log_density_around(
        layout, owner, real[:a].reshape(blocks, n_products, LANES), real[a:b], real[b:c].reshape(blocks, LANES),
        real[c:d], real[d:e], real[e:f], real[f:].reshape(size, size), carray(standard, size), carray(gradient, size),
    )  # fmt: skip


_SIGNATURE = types.float64(types.CPointer(types.int64), types.intp, _POINTER, types.intp, _POINTER, _POINTER)
_IN_C = compiled_for_c(_SIGNATURE, _density_of_packed)


def pack(
    statistics: Statistics, prior: np.ndarray, centre: np.ndarray, spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pack what the density needs, besides the position, into whole and real numbers.

    Parameters
    ----------
    prior, centre, spread
        See `alliance.likelihood.density.log_density_around`.

    Returns
    -------
    integers, numbers
        The first two inputs of `LogDensity`. They are valid in this process only: the first number is an address.
    """
    layout, owner, products, pooled, weights, therapist_weights = statistics.arrays
    sizes = [len(centre), len(layout), len(owner), products.shape[1], len(pooled), len(therapist_weights)]
    integers = np.concatenate([[_IN_C.address, *sizes], layout, owner.ravel()]).astype(np.int64)
    parts: Sequence[np.ndarray] = (products, pooled, weights, therapist_weights, prior, centre, spread)
    return integers, np.concatenate([part.ravel() for part in parts])


@intrinsic
def _jump(typing_context, integers, numbers, standard, gradient):
    """Call the function whose address is the first of the whole numbers."""
    signature = types.float64(integers, numbers, standard, gradient)

    def generate(context, builder, signature, arguments):
        arrays = [
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(signature.args, arguments, strict=True)
        ]
        whole, real, position, slope = arrays
        address = builder.load(whole.data)
        word, double = cgutils.intp_t, ir.DoubleType()
        kind = ir.FunctionType(
            double,
            [whole.data.type, word, real.data.type, word, position.data.type, slope.data.type],
        )
        function = builder.inttoptr(address, kind.as_pointer())
        return builder.call(function, [whole.data, whole.nitems, real.data, real.nitems, position.data, slope.data])

    return signature, generate


class LogDensity(Op):
    """Log density of a multilevel path diagram around a centre, and its gradient.

    Inputs: whole and real numbers of `pack`, and the standardised position (parameter,), see
    `alliance.likelihood.density.log_density_around`. Outputs: the value () and its gradient by the position (parameter,).
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Join the inputs to one value and one gradient."""
        integers, numbers, standard = (pt.as_tensor_variable(value) for value in inputs)
        if (integers.type.dtype, numbers.type.dtype, standard.type.dtype) != ("int64", "float64", "float64"):
            raise TypeError("the inputs must hold int64, float64 and float64")
        return Apply(self, [integers, numbers, standard], [pt.dscalar(), pt.dvector()])

    def perform(self, node: Apply, inputs: Any, output_storage: Any) -> None:
        """Evaluate in Python, as PyTensor's debugging modes do."""
        integers, numbers, standard = (np.ascontiguousarray(value) for value in inputs)
        gradient = np.empty_like(standard)
        value = _IN_C.ctypes(
            *(argument for array in (integers, numbers) for argument in (_pointer(array), array.size)),
            _pointer(standard),
            _pointer(gradient),
        )
        output_storage[0][0] = np.asarray(value)
        output_storage[1][0] = gradient

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Variable]:
        """Return the derivative by the position; the data are taken as fixed."""
        return [DisconnectedType()(), DisconnectedType()(), cotangents[0] * outputs[1]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Say that only the position moves the value; the gradient is not differentiated again."""
        return [[False, False], [False, False], [True, False]]


def _pointer(array: np.ndarray) -> Any:
    return array.ctypes.data_as(_IN_C.ctypes.argtypes[0 if array.dtype == np.int64 else 2])


@register_funcify_default_op_cache_key(LogDensity)
def _compile_log_density(op: LogDensity, node: Apply, **kwargs: Any) -> tuple[Any, int]:
    @numba_njit
    def evaluate(integers, numbers, standard):
        gradient = np.empty(standard.shape[0])
        value = _jump(integers, numbers, standard, gradient)
        return np.asarray(value), gradient

    return evaluate, int(fingerprint(), 16)


log_density_op = LogDensity()
