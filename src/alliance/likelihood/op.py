"""The log density as an operation of PyTensor, so that PyMC models can hold it and samplers run it without returning to Python."""

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from alliance.likelihood.density import log_density_around

_DIMENSIONS = (1, 2, 3, 1, 2, 1, 1, 1, 2, 1)


class LogDensity(Op):
    """Log density of a multilevel path diagram around a centre, and its gradient.

    Inputs: the arrays of `Statistics`, settings of the priors (5,), centre (parameter,), spread (parameter, parameter) and the
    standardised position (parameter,); see `alliance.likelihood.density.log_density_around`. All data are inputs, not constants, so code
    compiled for one model serves every model. Outputs: the value () and its gradient by the position (parameter,).
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Join the inputs to one value and one gradient."""
        tensors = [pt.as_tensor_variable(value) for value in inputs]
        found = tuple(tensor.type.ndim for tensor in tensors)
        if found != _DIMENSIONS:
            raise ValueError(f"inputs have {found} dimensions, expected {_DIMENSIONS}")
        return Apply(self, tensors, [pt.dscalar(), pt.dvector()])

    def perform(self, node: Apply, inputs: Any, output_storage: Any) -> None:
        """Evaluate in Python (PyTensor's own debugging modes)."""
        gradient = np.empty_like(inputs[-1])
        output_storage[0][0] = np.asarray(log_density_around(*inputs, gradient))
        output_storage[1][0] = gradient

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Variable]:
        """Return the derivative by the position; data and settings are taken as fixed."""
        nothing: list[Variable] = [DisconnectedType()() for _ in inputs[:-1]]
        return [*nothing, cotangents[0] * outputs[1]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Say that only the position moves the value; the gradient is not differentiated again."""
        return [[False, False]] * (len(_DIMENSIONS) - 1) + [[True, False]]


@register_funcify_default_op_cache_key(LogDensity)
def _compile_log_density(op: LogDensity, node: Apply, **kwargs: Any) -> tuple[Any, int]:
    @numba_njit
    def evaluate(
        layout, owner, products, pooled, weights, therapist_weights, prior, centre, spread, standard
    ):  # type: ignore[no-untyped-def]
        gradient = np.empty_like(standard)
        value = log_density_around(
            layout, owner, products, pooled, weights, therapist_weights, prior, centre, spread, standard, gradient
        )
        return np.asarray(value), gradient

    return evaluate, 1


log_density_op = LogDensity()
