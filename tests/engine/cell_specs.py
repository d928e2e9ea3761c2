"""The cells that tests go through: the built-in ones, and those of the literature."""

BUILT_IN = ["concat", "sum", "elman", "elman:nonlinearity=relu", "gru", "gru-concat", "lstm"]
PUBLISHED = [
    "mgu",
    "ugrnn",
    "min-gru",
    "min-lstm",
    "slstm",
    "slstm:forget_gate=exp",
    "irnn",
    "ind-rnn",
    "lru",
    "delta-net",
    "delta-net:key_size=2,negative_eigenvalues=true",
]
