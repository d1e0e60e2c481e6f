"""Arithmetic on one number of each of `LANES` patients at once, in the wide registers of the processor (Numba).

Compilers find such code in loops over patients only where they can prove that arrays do not overlap, which they cannot here. So the kernel
says it: a value of type `Lanes` is a vector, stays in registers while sums are built up, and one line of code is one instruction or two.
A product that is added is rounded once where the processor can do that. Nothing is reordered: the same input gives the same bits.
"""

from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

LANES: Final = 32
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__("Lanes")


_LANES = _Lanes()


@register_model(_Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


def _place(context, builder, array_type, array, row):
    data = context.make_array(array_type)(context, builder, array).data
    width = ir.Constant(row.type, LANES)
    return builder.bitcast(builder.gep(data, [builder.mul(row, width)]), _VECTOR.as_pointer())


def _wide(builder, value):
    """Repeat a single number in all lanes."""
    if value.type == _VECTOR:
        return value
    first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, ir.Constant(_VECTOR, ir.Undefined), mask)


@intrinsic
def load(typing_context, array, row):
    """Read a row of LANES numbers."""

    def generate(context, builder, signature, arguments):
        place = _place(context, builder, signature.args[0], *arguments)
        return builder.load(place, align=8)

    return _LANES(array, types.intp), generate


@intrinsic
def store(typing_context, array, row, value):
    """Write a row of LANES numbers."""

    def generate(context, builder, signature, arguments):
        place = _place(context, builder, signature.args[0], *arguments[:2])
        builder.store(_wide(builder, arguments[2]), place, align=8)
        return context.get_dummy_value()

    return types.none(array, types.intp, value), generate


@intrinsic
def everywhere(typing_context, number):
    """Return a number in all lanes."""

    def generate(context, builder, signature, arguments):
        return _wide(builder, arguments[0])

    return _LANES(types.float64), generate


@intrinsic
def times(typing_context, one, other):
    """Return one * other; either may be a single number."""

    def generate(context, builder, signature, arguments):
        return builder.fmul(*(_wide(builder, argument) for argument in arguments))

    return _LANES(one, other), generate


@intrinsic
def plus(typing_context, total, one, other):
    """Return total + one * other; the last two may be single numbers."""

    def generate(context, builder, signature, arguments):
        total, one, other = (_wide(builder, argument) for argument in arguments)
        return _operation(builder, "llvm.fmuladd", one, other, total)

    return _LANES(total, one, other), generate


@intrinsic
def minus(typing_context, total, one, other):
    """Return total - one * other; the last two may be single numbers."""

    def generate(context, builder, signature, arguments):
        total, one, other = (_wide(builder, argument) for argument in arguments)
        return _operation(builder, "llvm.fmuladd", builder.fneg(one), other, total)

    return _LANES(total, one, other), generate


@intrinsic
def inverse_root(typing_context, value):
    """Return 1 / sqrt(value)."""

    def generate(context, builder, signature, arguments):
        return builder.fdiv(ir.Constant(_VECTOR, [1.0] * LANES), _operation(builder, "llvm.sqrt", *arguments))

    return _LANES(_LANES), generate


@intrinsic
def sum_of(typing_context, value):
    """Return the sum over lanes: halves are added until one number is left."""

    def generate(context, builder, signature, arguments):
        (total,) = arguments
        width = LANES
        while width > 1:
            width //= 2
            halves = [
                ir.Constant(ir.VectorType(ir.IntType(32), width), list(range(at, at + width))) for at in (0, width)
            ]
            one, other = (builder.shuffle_vector(total, ir.Constant(total.type, ir.Undefined), half) for half in halves)
            total = builder.fadd(one, other)
        return builder.extract_element(total, ir.Constant(ir.IntType(32), 0))

    return types.float64(_LANES), generate


def _operation(builder, name, *arguments):
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * len(arguments))
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"{name}.v{LANES}f64"), arguments)


def into_lanes(numbers: np.ndarray) -> np.ndarray:
    """Turn numbers of units, (unit, number), into (block, number, lane)."""
    units, count = numbers.shape
    blocks = max(1, -(-units // LANES))
    filled = np.zeros((blocks * LANES, count))
    filled[:units] = numbers
    return np.ascontiguousarray(filled.reshape(blocks, LANES, count).transpose(0, 2, 1))


def out_of_lanes(lanes: np.ndarray, units: int) -> np.ndarray:
    """Turn (block, number, lane) back into numbers of units, (unit, number)."""
    return lanes.transpose(0, 2, 1).reshape(len(lanes) * LANES, lanes.shape[1])[:units]
