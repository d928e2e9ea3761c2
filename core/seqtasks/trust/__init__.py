"""Decide whether code that came with a run may execute.

    sources        read a user's file and the neighbours that it imports, as data
    distributions  find the installed distribution of a module without importing the module
    consent        remember, by content, which code this user made or allowed

Nothing here executes what it reads; `registry.user_files` does, after asking.
"""
