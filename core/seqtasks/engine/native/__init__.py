"""The native engine: the whole training step as one C program.

    plan/     what is computed, what is kept and where: no C yet
    emit/     the C of each phase, put together
    c/        the C that every program includes
    execute/  compile the text, keep the library, call it

`backends.compile_native` goes through them: `plan.make_plan`, `emit.source.write_program`,
`execute.open_program`, `execute.c_program.Program`. The graph comes from `engine.pipeline`.
"""
