"""How the paper trains and scores, as far as it can be followed, and the figures it reports."""

from seqtasks.published import PublishedProtocol
from seqtasks.settings import Settings

__all__ = ["SOURCE", "published"]

SOURCE = 'G. Delétang et al., "Neural Networks and the Chomsky Hierarchy", ICLR 2023'

CELLS = {
    "RNN": "elman:nonlinearity=relu",
    "LSTM": "lstm",
    "Stack-RNN": "stack-rnn",
}
"""The spec of each network, by the paper's name of it."""

FIGURES: dict[str, dict[str, float]] = {
    "parity-check": {"RNN": 1.0, "LSTM": 1.0, "Stack-RNN": 1.0},
    "even-pairs": {"RNN": 1.0, "LSTM": 1.0, "Stack-RNN": 1.0},
    "cycle-navigation": {"RNN": 1.0, "LSTM": 1.0, "Stack-RNN": 1.0},
    "modular-arithmetic": {"RNN": 1.0, "LSTM": 1.0, "Stack-RNN": 1.0},
    "stack-manipulation": {"RNN": 0.56, "LSTM": 0.591, "Stack-RNN": 1.0},
    "reverse-string": {"RNN": 0.62, "LSTM": 0.609, "Stack-RNN": 1.0},
    "duplicate-string": {"RNN": 0.503, "LSTM": 0.576, "Stack-RNN": 0.528},
    "odds-first": {"RNN": 0.51, "LSTM": 0.556, "Stack-RNN": 0.519},
}
"""Table 2 of the paper: the mean accuracy over lengths 41 to 500 of the best of thirty runs."""

DIFFERS = (
    "The paper reports the best of 10 seeds at each of 3 learning rates, one run is one of them.",
    "Weights begin as torch draws them; the published code draws them as Haiku does.",
    "The paper's Tape-RNN jumps by the length of the input, tape-rnn by a share of the steps.",
)
AFTER_THE_END = (
    "The published loss counts the places after END as zeros to be predicted; ours leaves them out."
)


def published(
    name: str,
    *,
    has_end: bool = False,
    evaluation_lengths: tuple[int, ...] = (40, 100, 200, 500),
) -> PublishedProtocol:
    """Return the published way to train and score on a task.

    Batches of 128 have one length each, uniform on 1..40; the networks have 256 hidden numbers, a
    ReLU in the simple one, a ReLU before the readout, and take one-hot symbols; Adam at one of
    three rates makes a million steps along the mean loss over the answer, clipped to norm 1; every
    answer stands on blanks after the input, one of a single symbol too. Accuracy is the mean over
    lengths 41 to 500, on 512 sequences of each; the published code leaves out length 41.

    Args:
        name: the task's name.
        has_end: whether answers end at an END before the last place.
        evaluation_lengths: lengths of the table; the paper has a curve over all.
    """
    return PublishedProtocol(
        source=SOURCE,
        settings=Settings(
            cell=CELLS["RNN"],
            readout="state:before=relu",
            hidden_size=256,
            embedding="one-hot",
            length="1..40",
            blank_before_answer=True,
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
        cells=CELLS,
        figures=FIGURES.get(name, {}),
        differs=(*DIFFERS, AFTER_THE_END) if has_end else DIFFERS,
    )
