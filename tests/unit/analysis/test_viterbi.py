"""The best path through states."""

from itertools import product

import numpy as np

from desktop.analysis.viterbi import best_path


def test_no_other_path_has_a_larger_sum_than_the_best_one() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        scores, costs = random.random((5, 3)), random.random(5)
        distances = np.abs(np.subtract.outer(np.arange(3), np.arange(3))).astype(float)

        def value(path: tuple[int, ...], scores=scores, costs=costs, distances=distances) -> float:
            steps = sum(costs[index] * distances[path[index - 1], path[index]] for index in range(1, 5))
            return float(sum(scores[index, state] for index, state in enumerate(path)) - steps)

        best = max(product(range(3), repeat=5), key=value)
        assert tuple(best_path(scores, costs, distances)) == best


def test_a_single_step_is_its_best_state() -> None:
    assert list(best_path(np.array([[0.0, 2.0, 1.0]]), np.zeros(1), np.zeros((3, 3)))) == [1]
