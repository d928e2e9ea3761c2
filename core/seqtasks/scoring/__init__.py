"""Score a model, and say how sure the score is.

    predict     predictions for the instances of a batch, a few rows at a time
    evaluate    scores at one length or several, in portions that fit into memory
    over_range  the mean over a range of lengths, as papers publish it
    rows_alone  find models whose answer depends on the other rows of the batch
    intervals   95 % intervals (NumPy only)
    baselines   scores of strategies that do not learn (NumPy only)
    fitting     refuse what cannot fit into memory, before any of it is made

This package does not train and writes no files; `runs` does.
"""
