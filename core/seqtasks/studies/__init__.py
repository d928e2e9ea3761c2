"""A study: experiments x seeds, run, recorded, resumed and told of in one table.

The modules in their order:

- `settings`: the experiments of a study, and its numbered points; `values`, `labels` and `plan`
  make them from lists and ranges;
- `study_record`: `study.json`; `lines`: a line of `runs.jsonl`, one for each run that has ended;
  `directory`: the folder; `weights`: the weights of all runs;
- `replicas`: many seeds of one experiment in one thread; `work`: what a worker does; `finished`:
  what it sends; `execute`: threads, processes and clusters;
- `collected`: the lines of a setting as columns; `outcomes`: the same as arrays; `measures`,
  `curves`, `summary` and `study_summary`: what they say; `plots`: pictures;
- `settle`: what must be right before a study begins; `reuse`: equal runs of other studies;
  `observers` and `progress`: who is told;
- `stages`: what a study does next, from its results; `selection`: settings are chosen on some seeds
  and measured on others; `ranking`: which setting is better; `matching`: cells of equal size;
  `asking` and `faces`: what `compare` and `sweep` ask for; `shown`: what their tables show;
  `adding_seeds`: until a difference is sure; `looks_words`: how that was found; `tune`,
  `tuned_code`, `optuna_trials` and `pruning`: points that Optuna proposes;
- `execution`: where the runs are made; `taken_runs`: runs that have ended; `make_runs`: from the
  runs that are left to the table; `array_jobs`: a study as Slurm jobs;
- `lifecycle`: from settings to a `study`, and on;
  `single_runs`: one run with its model;
- `calls`, `face_calls` and `reopen`: what programs call; `made_models`: modules of their own.
"""
