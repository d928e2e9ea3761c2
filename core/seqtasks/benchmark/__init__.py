"""The engines' benchmark: whole training steps of ours and of others, side by side in one run."""
