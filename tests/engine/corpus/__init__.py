"""Cells that people published, in our own words from the papers' equations.

    gated              gates, and what they were replaced by
    normalised         layer norms, hypernetworks, multiplicative inputs
    dynamical          discretised differential equations
    parallel           cells whose state enters its next value linearly
    matrices           states that are matrices: associative and fast-weight memories
    memories           stacks, slots, tapes and attention over them
    orthogonal         transitions that keep a norm: functions of parameters alone
    timed              modules and clocks of their own pace
    neural             rates and spikes
    gates              more gated cells: images, missing values, orders
    linear             linear attention, fast weights that a rule of learning writes
    slots              stacks, slots, modules and attention between them
    complexes          complex states and parameters, quaternions
    filters            networks of the brain, filters, equations solved within a step
    styles             as public code writes them: containers of parts and states, inner gradients
    libraries          as libraries write them: buffers, places chosen by row, broadcast weights

`CORPUS` names every cell. Each is written as its paper or its public code writes it: in place where
they do so, with whole numbers in the state where they count.
"""

from corpus import (
    complexes,
    dynamical,
    filters,
    gated,
    gates,
    libraries,
    linear,
    matrices,
    memories,
    neural,
    normalised,
    orthogonal,
    parallel,
    slots,
    styles,
    timed,
)

__all__ = ["CORPUS"]

_FAMILIES = (
    gated,
    normalised,
    dynamical,
    parallel,
    matrices,
    memories,
    orthogonal,
    timed,
    neural,
    gates,
    linear,
    slots,
    complexes,
    filters,
    styles,
    libraries,
)
CORPUS = [cell for family in _FAMILIES for cell in family.CELLS]
