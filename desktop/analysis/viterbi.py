"""The best path through a sequence of states."""

import numpy as np
from numpy.typing import NDArray


def best_path(
    scores: NDArray[np.float64], costs: NDArray[np.float64], distances: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return the path with the largest sum of scores less the costs of its steps: the state at each of `[steps]`.

    `scores` is `[steps, states]`. A step to step i from one state to another costs `costs[i]` times their distance,
    `[states, states]`. The path is found by dynamic programming (A. Viterbi, "Error Bounds for Convolutional Codes",
    IEEE Transactions on Information Theory 13:2, 1967).
    """
    states = np.arange(scores.shape[1])
    origins = np.empty(scores.shape, np.intp)
    total = scores[0]
    for index in range(1, len(scores)):
        totals = total[:, None] - costs[index] * distances
        origins[index] = np.argmax(totals, axis=0)
        total = totals[origins[index], states] + scores[index]
    path = np.empty(len(scores), np.intp)
    path[-1] = np.argmax(total)
    for index in range(len(scores) - 1, 0, -1):
        path[index - 1] = origins[index, path[index]]
    return path
