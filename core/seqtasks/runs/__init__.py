"""Runs on disk: directories (`directory`), checkpoints (`checkpoint`), whole files (`files`)."""
