"""Two networks that draw in each step, as their fields train them."""

import math

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st


class RateNetwork(st.Cell):
    """Firing rates with noise, Dale's law and a decay.

    H. F. Song, G. R. Yang, X.-J. Wang, "Training excitatory-inhibitory recurrent neural networks
    for cognitive tasks", PLoS Computational Biology 12(2), 2016: four neurons in five excite all
    that they reach, the others inhibit, and none reaches itself.

        v' = (1 - decay) v + decay (W relu(v) + U x + b) + sqrt(2 decay) noise · normal numbers
    """

    def __init__(self, input_size, hidden_size, decay=0.4, noise=0.05):
        super().__init__(input_size, hidden_size)
        self.decay, self.noise = decay, noise
        self.inputs = nn.Linear(input_size, hidden_size)
        self.sizes = nn.Parameter(torch.rand(hidden_size, hidden_size) * 3 / hidden_size)
        excite = hidden_size * 4 // 5
        signs = torch.cat([torch.ones(excite), -4 * torch.ones(hidden_size - excite)])
        self.register_buffer("signs", signs * (1 - torch.eye(hidden_size)))

    def forward(self, x, v):
        weights = functional.relu(self.sizes) * self.signs
        driven = functional.linear(functional.relu(v), weights) + self.inputs(x)
        noise = math.sqrt(2 * self.decay) * self.noise * torch.randn_like(v)
        return (1 - self.decay) * v + self.decay * driven + noise

    def output(self, x, v):
        return functional.relu(v)


class GumbelStack(st.Cell):
    """A stack whose moves are sampled: push, pop or neither, one of them at each step.

    The moves are drawn by the Gumbel way, with straight-through gradients (E. Jang, S. Gu,
    B. Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017); the stack is that
    of A. Joulin and T. Mikolov, "Inferring algorithmic patterns with stack-augmented recurrent
    nets", NIPS 2015.
    """

    DEPTH = 6

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.width = 4
        self.new = nn.Linear(input_size + hidden_size + self.width, hidden_size)
        self.moves = nn.Linear(hidden_size, 3)
        self.pushed = nn.Linear(hidden_size, self.width)

    def initial_state(self, batch_size, steps):
        hidden = super().initial_state(batch_size, steps)
        return hidden, hidden.new_zeros(batch_size, self.DEPTH, self.width)

    def forward(self, x, state):
        hidden, stack = state
        hidden = torch.tanh(self.new(torch.cat([x, hidden, stack[:, 0]], 1)))
        move = functional.gumbel_softmax(self.moves(hidden), tau=1.0, hard=True)
        push, pop, stay = move[:, :, None, None].unbind(1)
        top = torch.sigmoid(self.pushed(hidden))[:, None]
        pushed = torch.cat([top, stack[:, :-1]], 1)
        popped = torch.cat([stack[:, 1:], torch.zeros_like(stack[:, :1])], 1)
        return hidden, push * pushed + pop * popped + stay * stack

    def output(self, x, state):
        return state[0]
