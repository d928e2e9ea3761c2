"""Numbers of steps share a program if their initial states are made alike, and only then."""

import copy

import numpy as np
import pytest
import torch
from grids import one_quick_in
from growing_cells import (
    Always,
    Attribute,
    EveryFour,
    EveryStep,
    Hidden,
    Learnt,
    Noted,
    OddAndEven,
    Value,
)
from training_runs import model, trainer
from truth import ENGINES, Subject, check, problem

import seqtasks as st
from seqtasks.engine import program_cache
from seqtasks.engine.policy import choice, loop_cost
from seqtasks.engine.record.start_fingerprint import start_of
from seqtasks.engine.unroll import engines_of
from seqtasks.tasks.lengths import LengthRange
from seqtasks.training import BatchSource, Trainer, programs_needed
from seqtasks.training.programs_needed import with_few_programs

ALIKE = {
    Always: [{1, 2, 3, 4, 5, 6, 7, 8}],
    EveryStep: [{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}],
    EveryFour: [{1, 2, 3}, {4, 5, 6, 7}, {8}],
    OddAndEven: [{1, 3, 5, 7}, {2, 4, 6, 8}],
    Value: [{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}],
    Learnt: [{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}],
}


@pytest.fixture
def recordings(monkeypatch):
    """Return a list that gets the number of steps of every recording made."""
    made = []

    def counted(*parts, steps, **options):
        made.append(steps)
        return recorded(*parts, steps=steps, **options)

    recorded = choice.make_model_graph
    monkeypatch.setattr(choice, "make_model_graph", counted)
    return made


def right_at(subject, engine, *all_steps):
    """Check a subject's outputs, states and gradients at some numbers of steps, in this order."""
    for steps in all_steps:
        check(problem(subject, 3, steps), engine, [torch.float64])


@pytest.mark.parametrize("kind", ALIKE)
def test_which_numbers_of_steps_start_alike(kind):
    cell = kind()
    starts = {steps: start_of([cell], torch.float32, steps) for steps in range(1, 9)}
    groups = {}
    for steps, start in starts.items():
        groups.setdefault(start, set()).add(steps)
    assert list(groups.values()) == ALIKE[kind]


def test_layers_start_alike_if_all_of_them_do():
    def start(steps):
        return start_of(cells, torch.float32, steps)

    cells = [Always(3, 4), EveryFour(4, 4), OddAndEven(4, 4)]
    assert start(1) == start(3)
    assert start(3) not in (start(4), start(5))


def test_a_stack_that_grows_has_few_depths_and_a_tape_one_for_each_length():
    for name, count in (("stack-rnn", 14), ("tape-rnn", 128)):
        cell = st.cell(name, 2, 2)
        assert len({start_of([cell], torch.float32, steps) for steps in range(1, 129)}) == count


@one_quick_in(2, engine=ENGINES, kind=ALIKE)
def test_each_number_of_steps_gets_the_program_of_its_own_initial_state(engine, kind, recordings):
    right_at(Subject(kind()), engine, 5, 6, 1, 5, 3)
    groups = ALIKE[kind]
    assert len(recordings) == len({i for i, g in enumerate(groups) for s in (5, 6, 1, 3) if s in g})


@pytest.mark.parametrize("engine", ENGINES)
def test_the_initial_state_learns_with_each_number_of_steps(engine):
    subject = Subject(Learnt())
    right_at(subject, engine, 2)
    with torch.no_grad():  # as a step of training would: until now all start with zeros
        subject.cells[torch.float64].first.fill_(0.3)
    right_at(subject, engine, 2, 5)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stack_makes_one_program_for_all_lengths_of_a_depth(engine, recordings):
    subject = Subject(st.cell("stack-rnn:cell_size=2", 3, 3))
    right_at(subject, engine, 10, 9, 12, 11)
    assert len(recordings) == 1
    right_at(subject, engine, 1)
    assert len(recordings) == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_the_program_used_longest_ago_makes_room_for_a_new_one(engine, recordings, monkeypatch):
    monkeypatch.setattr(program_cache, "MOST_PROGRAMS", 2)
    subject = Subject(EveryStep())
    right_at(subject, engine, 2, 3, 2, 4)  # 4 takes the place of 3
    assert recordings == [2, 3, 4]
    right_at(subject, engine, 2, 4)
    assert recordings == [2, 3, 4]
    right_at(subject, engine, 3)
    assert recordings == [2, 3, 4, 3]


@one_quick_in(2, engine=ENGINES, kind=[Attribute, Noted, Hidden])
def test_a_step_that_learns_the_number_of_steps_runs_by_the_plain_loop(engine, kind, caplog):
    cell = kind()
    twin = copy.deepcopy(cell)
    inputs = torch.randn(2, 9, 3)
    for steps in (5, 6, 9):
        found = st.unroll(cell, inputs[:, :steps], engine=engine)
        torch.testing.assert_close(found, st.unroll(twin, inputs[:, :steps]), rtol=0, atol=0)
    assert engines_of(cell, engine).name == "plain"
    if kind is Hidden:
        assert "computes Hidden wrongly" in caplog.text
    else:
        assert "attribute" in engines_of(cell, engine).unsupported


@pytest.mark.parametrize("engine", ENGINES)
def test_an_attribute_that_says_the_number_already_is_no_way_around(engine):
    cell = Attribute()
    twin = copy.deepcopy(cell)
    inputs = torch.randn(2, 7, 3)
    st.unroll(cell, inputs[:, :5])
    for steps in (5, 7):
        found = st.unroll(cell, inputs[:, :steps], engine=engine)
        torch.testing.assert_close(found, st.unroll(twin, inputs[:, :steps]))


@one_quick_in(
    2,
    engine=ENGINES,
    cells=["stack-rnn:cell_size=2", "tape-rnn:cell_size=2,write_size=3", "gru+stack-rnn"],
    most=[64, pytest.param(1, marks=pytest.mark.slow)],
)
def test_training_at_changing_lengths(engine, cells, most, monkeypatch):
    monkeypatch.setattr(program_cache, "MOST_PROGRAMS", most)
    start = model("symbols", cells)
    options = {"optimizer": "sgd", "learning_rate": 0.1, "clip": 1.0}
    made, plain = (trainer(start, "symbols", name, **options) for name in (engine, "plain"))
    begun = trainer(start, "symbols", engine, **options)
    begun.advance(8)
    resumed = trainer(start, "symbols", engine, **options)
    resumed.restore(begun.state(), 8)
    losses = made.advance(20)
    assert resumed.advance(12) == losses[8:]
    torch.testing.assert_close(losses, plain.advance(20), rtol=1e-8, atol=1e-8)
    for one, other in zip(made.model.parameters(), plain.model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-8)


def test_what_trains_in_one_call_shares_a_program():
    engines = model("symbols", "stack-rnn").use_engine("native")
    times = np.array([10, 9, 12, 13, 16, 9, 1])
    assert engines.alike(times).tolist() == [1, 1, 1, 2, 2, 1, 0]
    engines = model("symbols", "gru").use_engine("native")
    assert engines.alike(times).tolist() == [0] * 7


def lengths_to_train(cell, last):
    """Return a model of bits, its engines of `auto`, and batches of lengths 1 to `last`."""
    made = model("symbols", cell)
    source = BatchSource(st.task("parity"), LengthRange(1, last), 4, "sampled", seed=0)
    return made, made.use_engine("auto"), source


@pytest.mark.parametrize(
    ("cell", "last", "said"),
    [
        ("tape-rnn:cell_size=2", 16, None),
        (
            "tape-rnn:cell_size=2",
            17,
            "the native engine is not in use: training at 17 lengths",
        ),
        (
            "tape-rnn:cell_size=2",
            65,
            "the plain loop trains the model: training at 65 lengths",
        ),
        ("stack-rnn:cell_size=2", 40, None),
        ("gru", 500, None),
    ],
)
def test_training_at_many_lengths_compiles_no_dozens_of_programs(cell, last, said, caplog):
    made, engines, source = lengths_to_train(cell, last)
    chosen = with_few_programs(made, engines, source)
    text = " ".join(record.getMessage() for record in caplog.records)
    assert text.startswith(said) if said else not text
    assert chosen.wanted == ("plain" if "plain" in text else "auto")


def test_a_run_at_many_lengths_is_trained_by_the_torch_engine_and_says_why(monkeypatch):
    monkeypatch.setattr(programs_needed, "MOST_COMPILED", 2)
    made, _, source = lengths_to_train("tape-rnn:cell_size=2", 3)
    trained = Trainer(made, source, "sgd", 0.1, engine="auto")
    losses = trained.advance(6)
    assert trained.engine == made.engines.name == "torch"
    assert "about 3 programs" in made.engines.reasons["native"]
    plain, _, source = lengths_to_train("tape-rnn:cell_size=2", 3)
    expected = Trainer(plain, source, "sgd", 0.1, engine="plain").advance(6)
    torch.testing.assert_close(losses, expected, rtol=1e-8, atol=1e-8)


def scored(made, steps, rows=2):
    with torch.no_grad():
        made(torch.zeros(rows, steps, dtype=torch.int64))
    return made.engines


def test_a_batch_too_small_to_repay_a_program_for_its_length_is_scored_by_the_loop(monkeypatch):
    made = model("symbols", "tape-rnn:cell_size=2")
    made.use_engine("auto")
    monkeypatch.setenv("CC", "/nonexistent")  # nothing is to be compiled
    monkeypatch.setenv("SEQTASKS_CACHE", "")
    for steps in range(1, 5):
        assert scored(made, steps).name == "plain"
        assert "longer to make" in made.engines.reasons["native"]
    made(torch.zeros(2, 3, dtype=torch.int64))
    assert made.engines.name == "torch"  # it may be called again and again, with gradients
    assert scored(made, 3).name == "plain"  # what was run before does not matter
    monkeypatch.setattr(loop_cost, "SMALL", 0)
    assert scored(made, 3).name == "torch"


def test_what_is_trained_on_or_named_or_shares_a_program_is_scored_by_it(monkeypatch):
    monkeypatch.setenv("CC", "/nonexistent")
    monkeypatch.setenv("SEQTASKS_CACHE", "")
    made = model("symbols", "tape-rnn:cell_size=2")
    made.use_engine("torch")
    assert scored(made, 3).name == "torch"
    made = model("symbols", "stack-rnn:cell_size=2")
    made.use_engine("auto")
    assert scored(made, 9).name == "torch"
    made = model("symbols", "tape-rnn:cell_size=2")
    made.use_engine("auto").settle(made.plain_pass, torch.zeros(2, 5, dtype=torch.int64), 1)
    assert scored(made, 5).name == "torch"
    assert scored(made, 6).name == "plain"
    assert scored(copy.deepcopy(made), 5).name == "plain"
