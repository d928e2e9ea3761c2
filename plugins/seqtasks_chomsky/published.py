"""The paper's training and scoring, as far as we can follow them, and its figures."""

from seqtasks.tasks import PublishedProtocol, Settings

__all__ = ["SOURCE", "published"]

SOURCE = 'G. Delétang et al., "Neural Networks and the Chomsky Hierarchy", ICLR 2023'

CELLS = {"RNN": "elman:nonlinearity=relu", "LSTM": "lstm", "Stack-RNN": "stack-rnn"}
"""The spec of each network, by the paper's name of it; the Tape-RNN's depends on the task."""

FIGURES: dict[str, dict[str, float]] = {
    "parity-check": {"RNN": 1.0, "LSTM": 1.0, "Stack-RNN": 1.0, "Tape-RNN": 1.0},
    "even-pairs": {"RNN": 1.0, "LSTM": 1.0, "Stack-RNN": 1.0, "Tape-RNN": 1.0},
    "cycle-navigation": {"RNN": 1.0, "LSTM": 1.0, "Stack-RNN": 1.0, "Tape-RNN": 1.0},
    "modular-arithmetic": {"RNN": 1.0, "LSTM": 1.0, "Stack-RNN": 1.0, "Tape-RNN": 1.0},
    "stack-manipulation": {"RNN": 0.56, "LSTM": 0.591, "Stack-RNN": 1.0, "Tape-RNN": 1.0},
    "reverse-string": {"RNN": 0.62, "LSTM": 0.609, "Stack-RNN": 1.0, "Tape-RNN": 1.0},
    "duplicate-string": {"RNN": 0.503, "LSTM": 0.576, "Stack-RNN": 0.528, "Tape-RNN": 1.0},
    "odds-first": {"RNN": 0.51, "LSTM": 0.556, "Stack-RNN": 0.519, "Tape-RNN": 1.0},
    "missing-duplicate": {"Tape-RNN": 1.0},
    "binary-addition": {"Tape-RNN": 1.0},
}
"""Table 2 of the paper: the mean accuracy over lengths 41 to 500 of the best of thirty runs.

These are the figures that we have read. Of the others the paper's text names none."""

BEST_OF = (
    "A published figure is the best of 10 seeds at each of 3 learning rates; a run has one seed "
    "and one rate."
)
BIASES = (
    "Haiku's LSTM has one bias a gate where lstm has two, and its controllers have two biases "
    "where stack-rnn and tape-rnn have one; Adam moves two biases twice as far."
)
TAPE = (
    "A published figure of the Tape-RNN is also the best of 1 or 4 tapes and of no, N or 2 N "
    "computation tokens after an input of length N; tape-rnn has one tape and no such tokens. "
    "In training the paper's tape has 256 places; the tape of tape-rnn has 2 T + 1 for T steps."
)
SCORE_UP_TO_END = (
    "The published code takes the mean of the shares of right symbols of 8 parts of 64 instances; "
    "ours is the share in all 512, which differs a little where answers end at END."
)


def published(
    name: str,
    *,
    jump: str = "999/1000",
    has_end: bool = False,
    shortest: int = 1,
    evaluation_lengths: tuple[int, ...] = (40, 100, 200, 500),
) -> PublishedProtocol:
    """Return the published way to train and score on a task.

    Batches of 128 have one length each, uniform on 1..40. The networks have 256 hidden numbers and
    a ReLU before the readout, and take one-hot symbols; the simple one has a ReLU in place of the
    tanh. Their weights begin as the library Haiku draws them. Adam, at one of three rates, makes a
    million steps along the mean loss over the answer, clipped to norm 1. Every answer stands on
    blanks after the input, one of a single symbol too, and what follows END is trained as zeros.
    Accuracy is the mean over lengths 41 to 500, on 512 sequences of each; the published code leaves
    out length 41.

    Args:
        name: the task's name.
        jump: the input's share of the steps, rounded down: the Tape-RNN jumps by its length.
            Where one blank follows the input, 999/1000 leaves out that one step, up to 1000 steps.
        has_end: whether answers end at an END before the last place.
        shortest: the least length that the task can have here, 1 to 3; the published code has all.
        evaluation_lengths: the lengths of the table; the paper has a curve over all lengths.
    """
    differs = [BEST_OF, BIASES, TAPE]
    if has_end:
        differs.append(SCORE_UP_TO_END)
    if shortest > 1:
        lengths = "length 1" if shortest == 2 else "lengths 1 and 2"
        differs.append(f"The published code also trains at {lengths}, which are errors here.")
    return PublishedProtocol(
        source=SOURCE,
        settings=Settings(
            cell=CELLS["RNN"],
            readout="state:before=relu",
            hidden_size=256,
            embedding="one-hot",
            initialization="haiku",
            length="1..40",
            blank_before_answer=True,
            zeros_after_end=has_end,
            steps=1_000_000,
            batch_size=128,
            learning_rate=0.0003,
            clip=1.0,
            loss_reduction="mean",
            evaluation_lengths=evaluation_lengths,
            solved_after=0,
        ),
        score="41..500",
        score_also="42..500",
        score_sequences=512,
        evaluation_sequences=512,
        learning_rates=(0.0001, 0.0003, 0.0005),
        cells={**CELLS, "Tape-RNN": f"tape-rnn:jump={jump}"},
        figures=FIGURES.get(name, {}),
        differs=tuple(differs),
    )
