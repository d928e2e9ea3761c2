"""What is scored is drawn by seed, purpose and length alone."""

from test_evaluation import RunningSum, Table

import seqtasks as st
from seqtasks.scoring.evaluate import evaluate_at


def drawn_for(lengths, seed=0, purpose=None):
    task = RunningSum()
    if purpose is None:
        st.evaluate(Table(), task, lengths, 10, seed)
    else:
        evaluate_at(Table(), task, int(lengths), 10, seed, purpose)
    return {array.shape[1]: array.tolist() for array in task.drawn}


def test_the_instances_of_a_length_depend_on_seed_and_purpose_and_on_no_other_length():
    assert drawn_for("9")[9] == drawn_for("5,9,7")[9] == drawn_for("9", purpose="evaluation")[9]
    assert drawn_for("9")[9] != drawn_for("9", seed=1)[9]
    assert drawn_for("9")[9] != drawn_for("9", purpose="validation")[9]
    assert drawn_for("9")[9][0][:5] != drawn_for("5")[5][0]
