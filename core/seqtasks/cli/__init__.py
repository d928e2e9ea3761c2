"""The command line: click commands that parse, call and print.

    main                            the program: finds commands, prints errors
    run, resume                     train; `run_options` holds the options that both have
    compare, sweep, tune            train many settings; `planned_study` reads and starts them
    experiment_options,
    study_options                   what is trained and how; seeds, and where runs are made
    array_jobs, collect             a study as an array of Slurm jobs, and what they wrote
    launch                          start a run, show its progress, end it at a signal
    score, predict, runs/           use runs: `seqtasks eval`, `predict`, `runs`
    show, description               what a name stands for: found once, printed twice
    show_json, show_settings,
    show_engine, task_words         its other parts: JSON, settings, the engine of a cell, a task
    names, plugins, sample, export  list what there is; draw instances; write them to files
    gallery/                        pages of tasks and cells, from the same descriptions
    new, check                      begin a plugin, a task or a cell; check one
    bench, bench_engine,
    bench_cells, bench_calls,
    bench_study, bench_tasks        measure; `bench_options` holds what they share
    score_table, output, wrapping   tables and text that fit the terminal
    progress, interrupts,
    standard_streams                what a run shows; signals; streams that break
    cache                           the compiled programs that are kept
    completion, option_groups,
    trusting                        completion in a shell; help in groups; `--trust`

Each command is one file, registered in `builtin`. What it does lies in the packages below.
"""

from seqtasks.cli.main import cli, main

__all__ = ["cli", "main"]
