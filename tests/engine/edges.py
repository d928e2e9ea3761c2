"""Runs the calls of `edge_cases` in a program, where all values and gradients can be read."""

import torch
from edge_cases import KINDS
from torch import nn

import seqtasks as st
from seqtasks.engine.with_engine import engines_of

__all__ = ["PLACES", "wrong_in"]

FEW = 12
PLACES = ("outside", "loop", "weights")
"""Where a program computes a value: for all steps at once, step by step, or of weights alone."""


class Edges(st.Cell):
    """Puts out the results of some calls, each of numbers of its own."""

    def __init__(self, edges, points, place):
        self.edges, self.place = edges, place
        self.width = points.shape[1]
        super().__init__(self.width * len(edges), 1)
        self.unused = nn.Parameter(torch.zeros(1, dtype=points.dtype))  # has the cell's type
        self.points = nn.Parameter(points.repeat(1, len(edges)) if place == "weights" else points)
        with torch.no_grad():
            self.sizes = [r.shape[1] for r in self.results(points.repeat(1, len(edges)))]

    @property
    def output_size(self):
        return sum(self.sizes) * (len(self.points) if self.place == "weights" else 1)

    def results(self, x):
        parts = x.split(self.width, -1)
        return [
            edge.call(part).flatten(1).to(x.dtype)
            for edge, part in zip(self.edges, parts, strict=True)
        ]

    def initial_state(self, batch_size, steps):
        if self.place != "loop":
            return self.zeros(batch_size, 1)
        return self.zeros(batch_size, self.input_size), self.zeros(batch_size, sum(self.sizes))

    def forward(self, x, state):
        if self.place != "loop":
            return state
        points, _ = state
        return points, torch.cat(self.results(points), -1)

    def output(self, x, state):
        if self.place == "loop":
            return x[:, :1].expand(-1, self.output_size)
        if self.place == "outside":
            return torch.cat(self.results(x), -1)
        return x[:, :1] * 0 + torch.cat(self.results(self.points), -1).flatten()


def computed(cell, points, directions, engine):
    """Return the results (cases, all) and the gradients (cases, all) for each direction."""
    wide = points.repeat(1, len(cell.edges))
    count = len(points)
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


def wrong_in(edges, engine, dtype, place, near):
    """Return what differs from torch, by name: (numbers, found, expected) of a few cases."""
    kind = KINDS[edges[0].kind](dtype)
    if place == "weights":  # a program for each number
        kind = kind[:: max(1, len(kind) // FEW)]
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
        for (ours, back), (theirs, true) in zip(found, expected, strict=True):
            parts = zip(
                edges,
                points.repeat(1, len(edges)).split(cell.width, 1),
                ours.split(cell.sizes, 1),
                theirs.split(cell.sizes, 1),
                back.split(cell.width, 1),
                true.split(cell.width, 1),
                strict=True,
            )
            for edge, x, one, other, of_one, of_other in parts:
                for what, a, b in (("value", one, other), ("gradient", of_one, of_other)):
                    bad = ~near(edge, what, x, a, b)
                    if bad.any():
                        rows = bad.nonzero()[:, 0].unique()
                        wrong.setdefault((edge.name, what), []).extend(
                            (points[i].tolist(), a[i].tolist(), b[i].tolist()) for i in rows[:6]
                        )
    return wrong
