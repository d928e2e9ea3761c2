"""Methods that compare sets of runs: intervals, tests, times to an event. Pure functions of arrays.

They are scipy's wherever scipy has them. Nothing here knows of runs, cells or tasks.
"""
