"""A task, a cell and a command for seqtasks; each is imported when it is used."""

from seqtasks import Register, hookimpl


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the tasks of this package."""
    register("majority", "seqtasks_example.majority:Majority", "say whether ones outnumber zeros")


@hookimpl
def register_cells(register: Register) -> None:
    """Register the cells of this package."""
    register("minimal-gated", "seqtasks_example.mgu:MGU", "one gate (Zhou et al., 2016)")


@hookimpl
def register_commands(register: Register) -> None:
    """Register the subcommands of this package."""
    register("majority-count", "seqtasks_example.command:majority_count", "count zeros and ones")
