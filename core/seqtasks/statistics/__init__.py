"""Methods that compare sets of runs: intervals, tests, times to an event. Pure functions of arrays.

They are scipy's wherever scipy has them. Nothing here knows of runs, cells or tasks. The modules:

- `scipy_edge`: the only one that imports scipy, which has few types
- `shares`: intervals of shares, and of the probability that one of a pair is better
- `resampled_means`: means of values drawn with replacement; `bootstrap`: BCa intervals of means,
  differences and medians
- `survival`: times to an event that sometimes never came
- `best_of`: the expected best of n runs
- `paired_tests`: sign flips, and Holm's correction
- `unpaired`: comparisons of samples without pairs
- `power`: the difference that a number of pairs would have found
- `sequential`: intervals that may be looked at while seeds are added
"""
