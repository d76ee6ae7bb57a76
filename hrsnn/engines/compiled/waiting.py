"""Threads that wait for each other's steps, for the kernels: numbers that only grow, written and read in order."""

from __future__ import annotations

import os
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from hrsnn.engines.jit import jit

#: Number of looks at another thread's number before the processor is offered to other threads: some microseconds.
_LOOKS = 2000


def _word(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


@intrinsic
def publish(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """``array[index] = value``, which is seen by other threads after all that was written before it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, index, value = arguments
        builder.store_atomic(value, _word(context, builder, signature.args[0], array, index), "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), generate


@intrinsic
def look(typing_context: Any, array: Any, index: Any) -> Any:
    """``array[index]``, before all that is read after it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, index = arguments
        return builder.load_atomic(_word(context, builder, signature.args[0], array, index), "acquire", 8)

    return types.int64(array, types.intp), generate


@intrinsic
def offer_processor(typing_context: Any) -> Any:
    """Let another thread run on this processor, where the system has ``sched_yield``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if hasattr(os, "sched_yield"):
            kind = ir.FunctionType(ir.IntType(32), [])
            function = builder.module.globals.get("sched_yield") or ir.Function(builder.module, kind, "sched_yield")
            builder.call(function, [])
        return context.get_dummy_value()

    return types.void(), generate


@jit(inline="always")
def wait_for(array, index, value):
    """Wait until ``array[index]`` is at least `value`."""
    looks = 0
    while look(array, index) < value:
        looks += 1
        if looks > _LOOKS:
            offer_processor()
