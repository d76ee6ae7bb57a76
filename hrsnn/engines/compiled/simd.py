"""SIMD type of eight doubles for the kernels, and its exponential function.

The compiler's own vectoriser leaves up to 31 numbers of a loop to scalar instructions, and a row of links is hardly longer.
On a processor with narrower vectors, LLVM splits a pack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from hrsnn.engines.jit import jit

LANES = 8
_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
_WORDS = ir.VectorType(ir.IntType(64), LANES)


class PackType(types.Type):
    """The Numba type of eight doubles."""

    def __init__(self) -> None:
        super().__init__("Pack")


pack = PackType()


@register_model(PackType)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _DOUBLES)


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _DOUBLES.as_pointer())


def _broadcast(builder: Any, kind: Any, value: Any) -> Any:
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def _mask(builder: Any, count: Any) -> Any:
    """Return a mask of the lanes below `count`."""
    return builder.icmp_signed("<", ir.Constant(_WORDS, list(range(LANES))), _broadcast(builder, _WORDS, count))


@intrinsic
def load(typing_context: Any, array: Any, index: Any) -> Any:
    """``array[index : index + 8]``, without a bounds check."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(context, builder, signature.args[0], *arguments), align=8)

    return pack(array, types.intp), generate


@intrinsic
def load_first(typing_context: Any, array: Any, index: Any, count: Any) -> Any:
    """``array[index : index + min(count, 8)]``, padded with zeros."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, index, count = arguments
        pointer = _pointer(context, builder, signature.args[0], array, index)
        mask = _mask(builder, count)
        kind = ir.FunctionType(_DOUBLES, [pointer.type, ir.IntType(32), mask.type, _DOUBLES])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.masked.load.v8f64.p0")
        return builder.call(function, [pointer, ir.IntType(32)(8), mask, ir.Constant(_DOUBLES, [0.0] * LANES)])

    return pack(array, types.intp, types.intp), generate


@intrinsic
def store(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """``array[index : index + 8] = value``, without a bounds check."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, index, value = arguments
        builder.store(value, _pointer(context, builder, signature.args[0], array, index), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, pack), generate


@intrinsic
def first_of(typing_context: Any, value: Any, count: Any, other: Any) -> Any:
    """The lanes of `value` below `count`, and those of `other` from there on.

    To store what is read beyond the end of a row as it was: masked stores take twenty times as long on AMD processors.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value, count, other = arguments
        return builder.select(_mask(builder, count), value, other)

    return pack(pack, types.intp, pack), generate


@intrinsic
def splat(typing_context: Any, x: Any) -> Any:
    """A pack with x in all eight lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _broadcast(builder, _DOUBLES, arguments[0])

    return pack(types.float64), generate


def _of_two(build: Callable[..., Any]) -> Any:
    def typed(typing_context: Any, x: Any, y: Any) -> Any:
        return pack(pack, pack), lambda context, builder, signature, values: build(builder, *values)

    return intrinsic(typed)


add = _of_two(lambda builder, x, y: builder.fadd(x, y))
subtract = _of_two(lambda builder, x, y: builder.fsub(x, y))
multiply = _of_two(lambda builder, x, y: builder.fmul(x, y))
divide = _of_two(lambda builder, x, y: builder.fdiv(x, y))
largest = _of_two(lambda builder, x, y: builder.select(builder.fcmp_ordered(">", x, y), x, y))
smallest = _of_two(lambda builder, x, y: builder.select(builder.fcmp_ordered("<", x, y), x, y))


@intrinsic
def where_at_least(typing_context: Any, x: Any, y: Any, a: Any, b: Any) -> Any:
    """Lanes of `a` where x >= y, those of `b` elsewhere."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, y, a, b = arguments
        return builder.select(builder.fcmp_ordered(">=", x, y), a, b)

    return pack(pack, pack, pack, pack), generate


@intrinsic
def bits_above(typing_context: Any, x: Any, y: Any, z: Any, u: Any) -> Any:
    """An integer of which bit k says whether x > y and z >= u in lane k."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, y, z, u = arguments
        both = builder.and_(builder.fcmp_ordered(">", x, y), builder.fcmp_ordered(">=", z, u))
        return builder.zext(builder.bitcast(both, ir.IntType(LANES)), ir.IntType(64))

    return types.int64(pack, pack, pack, pack), generate


_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to an integer, which is then in the low bits
_LOG2_E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01  # ln 2 in two parts, so that n ln 2 is subtracted without loss
_LN2_LOW = 1.90821492927058770002e-10
# e^r = 1 + r + c_2 r^2 + ... + c_10 r^10 for |r| <= ln 2 / 2: the least largest relative error, 2.9e-16 (Remez)
_C = (
    1.0,
    1.0,
    0.499999999999983226,
    0.166666666666115113,
    0.0416666666681376375,
    0.00833333337089245567,
    0.00138888885160086082,
    0.000198411852025877235,
    0.0000248019318510529453,
    2.7635006231945315e-6,
    2.7476782309040526e-7,
)


@intrinsic
def exp_decay(typing_context: Any, x: Any) -> Any:
    """e^x of each lane, for x <= 0, to about two units in the last place.

    x = n ln 2 + r with |r| <= ln 2 / 2; e^r is a polynomial of degree 10, and n is added to the bits of the exponent. For x
    below -708 the result is e^-708, about 1e-308. Written as LLVM's operations, since Numba takes a second to compile some
    hundred calls.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def all_lanes(value: float) -> Any:
            return ir.Constant(_DOUBLES, [value] * LANES)

        def fma(*values: Any) -> Any:
            kind = ir.FunctionType(_DOUBLES, [_DOUBLES] * 3)
            return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.fma.v8f64"), values)

        (x,) = arguments
        x = builder.select(builder.fcmp_ordered(">", x, all_lanes(-708.0)), x, all_lanes(-708.0))
        shifted = fma(x, all_lanes(_LOG2_E), all_lanes(_ROUND))
        n = builder.fsub(all_lanes(_ROUND), shifted)
        r = fma(n, all_lanes(_LN2_LOW), fma(n, all_lanes(_LN2_HIGH), x))
        p = all_lanes(_C[-1])
        for c in _C[-2::-1]:
            p = fma(p, r, all_lanes(c))
        power = builder.shl(builder.bitcast(shifted, _WORDS), ir.Constant(_WORDS, [52] * LANES))
        return builder.bitcast(builder.add(builder.bitcast(p, _WORDS), power), _DOUBLES)

    return pack(pack), generate


@jit(inline="always")
def exp_decay_all(values, others, count):
    """``values[:count] = e^values[:count]`` and the same for `others`, in packs, up to the next multiple of eight.

    Each exponential is a chain of operations that wait for each other: two at a time keep the processor busy.
    """
    for i in range(0, count, LANES):
        store(values, i, exp_decay(load(values, i)))
        store(others, i, exp_decay(load(others, i)))


@intrinsic
def lowest_bit(typing_context: Any, word: Any) -> Any:
    """The place of the lowest bit of a word that is not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Ask for the cache line of ``array[index]``, which need not exist."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, index = arguments
        data = context.make_array(signature.args[0])(context, builder, array).data
        pointer = builder.bitcast(builder.gep(data, [index]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [pointer, number(0), number(3), number(1)])  # to be read, kept in all caches, data
        return context.get_dummy_value()

    return types.void(array, types.intp), generate
