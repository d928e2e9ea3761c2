"""The plugin of the core itself: the built-in cells, readouts and commands."""

from seqtasks.hookspecs import Register, hookimpl


@hookimpl
def register_cells(register: Register) -> None:
    """Register the cells of `seqtasks.cells`."""
    register("concat", "seqtasks.cells:Concat", "tanh(W [x; h] + b)")
    register("sum", "seqtasks.cells:Sum", "tanh(W (x + h) + b)")
    register("elman", "seqtasks.cells:Elman", "torch.nn.RNN's simple recurrent network")
    register("gru", "seqtasks.cells:GRU", "gated recurrent unit, torch.nn.GRU's form")
    register("gru-concat", "seqtasks.cells:GRUConcat", "gated recurrent unit over concatenations")
    register("lstm", "seqtasks.cells:LSTM", "long short-term memory, torch.nn.LSTM's form")


@hookimpl
def register_readouts(register: Register) -> None:
    """Register the readouts of `seqtasks.cells`."""
    register("concat", "seqtasks.cells:ConcatReadout", "V [x; h'] + c")
    register("sum", "seqtasks.cells:SumReadout", "V (x + h') + c")
    register("state", "seqtasks.cells:StateReadout", "V h' + c")


@hookimpl
def register_commands(register: Register) -> None:
    """Register the commands of `seqtasks.cli`."""
    register("bench", "seqtasks.cli.bench:bench", "Measure engines and tasks.")
    register("cache", "seqtasks.cli.cache:cache", "Show or clear the kept compiled programs.")
    register("check", "seqtasks.cli.check:check", "Check a thing of your own, promise by promise.")
    register("collect", "seqtasks.cli.collect:collect", "Put together what Slurm jobs wrote.")
    register("compare", "seqtasks.cli.compare:compare", "Compare cells or settings, seed by seed.")
    register("eval", "seqtasks.cli.score:score", "Score a run at lengths of your choice.")
    register("export", "seqtasks.cli.export:export", "Write instances of a task to files.")
    register("gallery", "seqtasks.cli.gallery.command:gallery", "Write pages of tasks and cells.")
    register("list", "seqtasks.cli.names:list_names", "List what there is, or one kind of it.")
    register("new", "seqtasks.cli.new:new", "Begin a plugin, a task or a cell.")
    register("plugins", "seqtasks.cli.plugins:plugins", "Show the plugins found.")
    register("predict", "seqtasks.cli.predict:predict", "Answer inputs of your own with a run.")
    register("report", "seqtasks.cli.report:report", "Make a page about a run or a study.")
    register("resume", "seqtasks.cli.resume:resume", "Go on with a run from its last checkpoint.")
    register("run", "seqtasks.cli.run:run", "Train a cell on a task and score it.")
    register("runs", "seqtasks.cli.runs.group:runs", "List, compare, export and remove runs.")
    register("sample", "seqtasks.cli.sample:sample", "Draw instances of a task.")
    register("show", "seqtasks.cli.show:show", "Show what a task, a cell or another thing is.")
    register("sweep", "seqtasks.cli.sweep:sweep", "Try many settings, and measure the best anew.")
    register("tune", "seqtasks.cli.tune:tune", "Search settings by Optuna.")
