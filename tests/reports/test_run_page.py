"""The page of a run shows its scores, its answers, its engine and how to make it again."""

import shlex

import numpy as np
import pytest
from page_reader import PageReader

import seqtasks as st
from seqtasks.reports.repeat import run_command
from seqtasks.reports.run_answers import answers_at
from seqtasks.scoring.evaluate import evaluate


@pytest.fixture(scope="module")
def result() -> st.Result:
    """A run that has not learned its task, so that it has errors."""
    return st.run(
        "parity", cell="gru", hidden_size=4, steps=20, evaluation_lengths=(10, 20), seed=3
    )


@pytest.fixture(scope="module")
def page(result: st.Result) -> PageReader:
    return PageReader(st.report(result).html)


def test_the_scores_of_a_run_stand_in_its_page_with_their_intervals(result, page):
    for score in result.scores:
        assert f"{100 * score.metrics['token_accuracy']:.2f} %" in page.text
    low, high = result.scores[1].intervals["token_accuracy"]
    assert f"[{100 * low:.2f}, {100 * high:.2f}]" in page.text
    assert "repeat the last symbol" in page.text  # the best rule without learning


def test_the_command_of_a_page_makes_the_experiment_of_its_run(result, page):
    command = run_command(result.experiment)
    assert command is not None
    assert command in page.text
    words = shlex.split(command)
    assert words[:3] == ["seqtasks", "run", "parity"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    again = st.Experiment.for_task(
        words[2],
        cell=options.pop("--cell"),
        hidden_size=int(options.pop("--hidden-size")),
        steps=int(options.pop("--steps")),
        seed=int(options.pop("--seed")),
        evaluation_lengths=tuple(map(int, options.pop("--eval-length").split(","))),
    )
    assert options == {}
    assert again == result.experiment


def test_worked_examples_mark_the_errors_that_the_model_makes(result, page):
    answers = answers_at(result.model, result.task, 10, result.experiment.seed)
    example = answers.examples[0]
    assert any(example.wrong)
    for (given, said, right), wrong in zip(example.steps, example.wrong, strict=True):
        assert wrong == (said != right)
        assert given in "01"
    assert f"{answers.with_errors} of {answers.instances} instances have an error" in page.text
    assert "wrong" in page.text


def test_accuracy_by_place_is_the_share_of_right_answers_at_each_step(result):
    found = answers_at(result.model, result.task, 10, 3).by_place
    # Of parity, whose inputs are drawn evenly, the score over all inputs is near their mean.
    (score,) = evaluate(result.model, "parity", 10)
    assert len(found) == 10
    assert np.mean(found) == pytest.approx(score.metrics["token_accuracy"], abs=0.05)


def test_the_engine_of_a_run_and_its_program_stand_in_its_page(page):
    assert "in loop" in page.text
    assert "The program in C" in page.text
    assert "#include" in page.text


def test_a_report_leaves_the_model_of_a_result_as_it_was(result):
    engine = getattr(result.model, "_engines", None)
    mode = result.model.training
    st.report(result)
    assert getattr(result.model, "_engines", None) is engine
    assert result.model.training == mode


@pytest.mark.slow
def test_a_task_of_real_numbers_has_an_error_at_each_place():
    result = st.run("adding", cell="gru", hidden_size=4, steps=5, evaluation_lengths=(10,))
    page = PageReader(st.report(result).html)
    assert "Mean squared error by place" in page.text


@pytest.mark.slow
def test_a_task_whose_answers_are_sets_has_worked_examples():
    result = st.run("reber", cell="gru", hidden_size=4, steps=5)
    assert "Worked examples" in PageReader(st.report(result).html).text


@pytest.mark.slow
def test_a_model_of_ones_own_has_a_page_without_an_engine():
    class Own(st.Model):
        def forward(self, *arguments, **options):
            return super().forward(*arguments, **options)

    made = st.run("parity", cell="gru", steps=5, evaluation_lengths=(5,))
    own = Own(made.model.embedding, *made.model.cells, made.model.readout)
    result = st.run("parity", model=own, steps=5, evaluation_lengths=(5,))
    assert "Worked examples" in PageReader(st.report(result).html).text


def test_a_report_is_shown_by_a_notebook_in_a_frame_without_the_notebooks_rights(result, tmp_path):
    made = st.report(result, tmp_path / "page.html")
    assert made.path.read_text() == made.html
    frame = made._repr_html_()
    assert frame.startswith("<iframe")
    assert 'sandbox="allow-scripts"' in frame
    assert "</iframe>" in frame
    assert frame.count("<script") == 0  # the page is escaped inside the attribute
    for chart in made.charts.values():
        specification = chart.to_dict()  # which altair checks against the schema
        assert "var(--" not in str(specification["config"])


def test_without_the_extra_a_report_says_how_to_install_it(monkeypatch, result):
    monkeypatch.setattr("seqtasks.reports.extras.find_spec", lambda name: None)
    with pytest.raises(st.UsageError, match=r"pip install 'seqtasks\[report\]'"):
        st.report(result)


@pytest.mark.parametrize(
    ("thing", "words"),
    [(3, "must be a path"), ("nowhere", "there is no such folder"), (__file__, "it is no folder")],
)
def test_what_is_neither_run_nor_study_nor_folder_is_refused(thing, words):
    with pytest.raises(st.UsageError, match=words):
        st.report(thing)


def test_a_page_that_cannot_be_written_is_refused_before_it_is_made(result, tmp_path):
    for place, words in ((tmp_path, "is a folder"), (tmp_path / "no" / "p.html", "no folder")):
        with pytest.raises(st.UsageError, match=words):
            st.report(result, place)
    with pytest.raises(st.UsageError, match="in no file yet"):
        st.report(result, open=True)
