"""Decide which program a call of a model gets, or why the plain loop runs it.

    request    what a program is needed for; why there is none
    loop_cost  what the plain loop costs: small batches do not repay a program
    choice     a kept program, a new one that was tried, or a refusal

`engines` decides what to do about a refusal.
"""
