"""Score a model, and say how sure the score is.

    fitting     refuse what cannot fit into memory, before any of it is made
    predict     predictions for the instances of a batch, a few rows at a time
    rows_alone  find models whose answer depends on the other rows of the batch
    counts      right answers and errors at one length, in portions that fit into memory
    intervals   95 % intervals (NumPy only)
    evaluate    scores at one length or several
    functions   scores of a function on arrays, of any library
    over_range  the mean over a range of lengths, as papers publish it
    anew        the scores of a finished run at other lengths
    strategies  the answers of strategies that do not learn (NumPy only)
    baselines   their scores (NumPy only)

This package does not train and writes no files; `runs` does.
"""
