"""A spec string names a thing and its parameters: `bitshift:shift=2`.

    grammar          from text to a name and values, and back; errors point with a caret
    bind             the values, typed by the fields of the class that the name stands for
    size_parameters  which parameters of a torch module take the sizes of a cell

This package knows no thing by name; `registry.find` does.
"""
