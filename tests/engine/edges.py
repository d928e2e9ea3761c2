"""Runs the calls of `edge_cases` in a program, where all values and gradients can be read."""

import copy

import torch
from edge_cases import KINDS
from torch import nn

import seqtasks as st
from seqtasks.engine.unroll import engines_of

__all__ = ["PLACES", "wrong_in"]

FEW, MANY = 12, 70
PLACES = ("outside", "loop", "weights", "beside")
"""Where a program computes a value: for all steps at once, step by step, of weights alone, or of a
weight beside a state, so that the weight's gradient is a sum over rows and steps."""


class Edges(st.Cell):
    """Puts out the results of some calls, each of numbers of its own."""

    def __init__(self, edges, points, place):
        self.edges, self.place = edges, place
        self.width = points.shape[1]
        super().__init__(self.width * len(edges), 1)
        self.unused = nn.Parameter(torch.zeros(1, dtype=points.dtype))  # has the cell's type
        if place == "weights":
            points = points.repeat(1, len(edges))
        elif place == "beside":
            points = points[0, 0].repeat(len(edges))
        self.points = nn.Parameter(points.clone())
        with torch.no_grad():
            some = torch.ones(1, self.input_size, dtype=points.dtype)
            self.sizes = [r.shape[1] for r in self.results(some)]

    @property
    def output_size(self):
        return sum(self.sizes) * (len(self.points) if self.place == "weights" else 1)

    def results(self, x):
        parts = x.split(self.width, -1)
        if self.place == "beside":  # the first number of each case is a weight
            parts = [
                torch.cat([self.points[k : k + 1].expand(len(x), 1), part[:, 1:]], -1)
                for k, part in enumerate(parts)
            ]
        return [
            edge.call(part).flatten(1).to(x.dtype)
            for edge, part in zip(self.edges, parts, strict=True)
        ]

    def initial_state(self, batch_size, steps):
        if self.place not in ("loop", "beside"):
            return self.zeros(batch_size, 1)
        return self.zeros(batch_size, self.input_size), self.zeros(batch_size, sum(self.sizes))

    def forward(self, x, state):
        if self.place not in ("loop", "beside"):
            return state
        points, _ = state
        return points, torch.cat(self.results(points), -1)

    def output(self, x, state):
        if self.place in ("loop", "beside"):
            return x[:, :1].expand(-1, self.output_size)
        if self.place == "outside":
            return torch.cat(self.results(x), -1)
        return x[:, :1] * 0 + torch.cat(self.results(self.points), -1).flatten()


def computed(cell, points, directions, engine):
    """Return the results (cases, all) and the gradients (cases, all) for each direction."""
    wide = points.repeat(1, len(cell.edges))
    count = len(points)
    if cell.place == "beside":
        return [beside(cell, wide, direction, engine) for direction in directions]
    found = []
    for direction in directions:
        if cell.place == "weights":
            with torch.no_grad():
                cell.points.copy_(wide)
            x, source = torch.zeros(1, cell.input_size, dtype=points.dtype), cell.points
        else:
            x = source = wide.clone().requires_grad_()
        if cell.place == "loop":
            start = (source, torch.zeros(count, sum(cell.sizes), dtype=points.dtype))
            _, (_, results) = st.unroll(cell, wide[:, None] * 0, start, engine=engine)
        else:
            results = st.unroll(cell, x[:, None], engine=engine)[0].view(count, -1)
        gradient = None
        if results.requires_grad:
            (gradient,) = torch.autograd.grad(results, source, direction, allow_unused=True)
        if gradient is None:
            gradient = torch.zeros_like(wide)
        found.append((results.detach(), gradient))
    return found


def beside(cell, wide, direction, engine):
    """Return the results and gradients of one direction, a case at a time beside another row."""
    results, gradients = [], []
    for row, given in zip(wide, direction, strict=True):
        with torch.no_grad():
            cell.points.copy_(row[:: cell.width])
        ordinary = 0.75 - torch.arange(len(row), dtype=row.dtype) % 5
        both = torch.stack([row, ordinary]).requires_grad_()
        start = (both, torch.zeros(2, sum(cell.sizes), dtype=wide.dtype))
        _, (_, made) = st.unroll(cell, both.detach()[:, None] * 0, start, engine=engine)
        sources = [both, cell.points]
        found = [None, None]
        if made.requires_grad:
            found = torch.autograd.grad(
                made, sources, torch.stack([given, given.flip(0)]), allow_unused=True
            )
        of_rows, of_weights = (
            torch.zeros_like(source) if gradient is None else gradient
            for source, gradient in zip(sources, found, strict=True)
        )
        gradient = of_rows[0].clone()
        gradient[:: cell.width] = of_weights
        results.append(made.detach()[0])
        gradients.append(gradient)
    return torch.stack(results), torch.stack(gradients)


def wrong_in(edges, engine, dtype, place, near):
    """Return what differs from torch, by name: (numbers, found, expected) of a few cases."""
    kind = KINDS[edges[0].kind](dtype)
    if place == "weights":  # a program for each number
        kind = kind[:: max(1, len(kind) // FEW)]
    if place == "beside":
        kind = kind[:: 1 + len(kind) // MANY * 2]  # an odd number: all numbers come in each place
    generator = torch.Generator().manual_seed(5)

    def drawn(*shape):
        return torch.randn(shape, dtype=dtype, generator=generator)

    cell = Edges(edges, kind, place)
    directions = [
        0.5 + drawn(len(kind), sum(cell.sizes)).abs(),
        torch.zeros(len(kind), sum(cell.sizes)),
    ]
    directions = [d.to(dtype) for d in directions]
    ordinary = drawn(*kind.shape)
    wrong = {}
    for points in (ordinary, kind, ordinary, kind.roll(1, 0)):  # the first is the trial's
        found = computed(cell, points, directions, engine)
        expected = computed(cell, points, directions, "plain")
        engines = engines_of(cell, engine)
        assert engines.name == engine, (engines.reasons, engines.unsupported)
        truth = found if dtype == torch.float64 else in_double(cell, points, directions)
        for (ours, back), (theirs, true), (exact, exact_back) in zip(
            found, expected, truth, strict=True
        ):
            parts = zip(
                edges,
                points.repeat(1, len(edges)).split(cell.width, 1),
                zip(*(v.split(cell.sizes, 1) for v in (ours, theirs, exact)), strict=True),
                zip(*(g.split(cell.width, 1) for g in (back, true, exact_back)), strict=True),
                strict=True,
            )
            for edge, x, values, gradients in parts:
                for what, (a, b, c) in (("value", values), ("gradient", gradients)):
                    # torch's own float32 may be farther from the truth
                    better = b.isfinite() & near(edge, what, x, a, c.to(dtype))
                    bad = ~(near(edge, what, x, a, b) | better)
                    if bad.any():
                        rows = bad.nonzero()[:, 0].unique()
                        wrong.setdefault((edge.name, what), []).extend(
                            (points[i].tolist(), a[i].tolist(), b[i].tolist()) for i in rows[:6]
                        )
    return wrong


def in_double(cell, points, directions):
    """Return the results and gradients by the plain loop in float64."""
    doubled = copy.deepcopy(cell).double()
    return computed(doubled, points.double(), [d.double() for d in directions], "plain")
