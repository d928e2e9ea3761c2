"""A spec string names a thing and its parameters: `bitshift:shift=2`.

    grammar          from text to a name and values, and back; errors point with a caret
    bind             the values, typed by the fields of the class that the name stands for
    size_parameters  which parameters of a torch module take the sizes of a cell
    ranges           a range of numbers: `8..16`, `1e-4..1e-2:log5`
    lists            several specs or values in one text: `gru,lstm`, `bitshift:shift=[1,2,4]`
    seeds            the seeds of a study: `5`, `0..999`, `3,5,8`

This package knows no thing by name; `registry.find` does.
"""
