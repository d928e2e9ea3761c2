"""Write the C of a plan.

    writer        lines of C, indented by the blocks that they stand in
    boxes         loops over the rows of a value
    addresses     how a part of the program addresses memory
    covering      few loops that cover the rows of a value
    tables        positions that follow no pattern
    levels        parts of a loop's body, where costly functions wait for each other
    sources       where an expression reads its values
    statements    the lines that compute the values of one box
    loops         loops over rows and columns
    sums          sums over the columns of all steps
    values        the values of a phase
    time_loops    the loops over time
    weights_back  the end of the backward pass: tables and weights
    frame         definitions, memory, heads and entries of a program
    source        all of it, put together

Decisions about memory and order are made in `plan`; nothing is compiled here.
"""
