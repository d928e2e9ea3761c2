"""Methods that compare sets of runs: intervals, tests, times to an event. Pure functions of arrays.

They are scipy's wherever scipy has them. Nothing here knows of runs, cells or tasks. The modules:
`scipy_edge` is the only one that imports scipy, which has few types; `shares` has intervals of
shares; `bootstrap` has BCa intervals of means and medians; `survival` has times to an event, of
which some never came; `best_of` has the expected best of n runs.
"""
