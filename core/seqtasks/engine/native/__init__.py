"""The native engine: the whole training step as one C program.

    plan/     what is computed, what is kept and where: no C yet
    emit/     the C of each phase, put together
    c/        the C that every program includes
    execute/  compile the text, keep the library, call it

`engine.pipeline.compile_native` goes through them in this order.
"""
