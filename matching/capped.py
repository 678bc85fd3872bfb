"""placeholder"""


def best_capped_pairing(a, b, weights, capacities, group, room, objective, *, on_step=None):
    raise NotImplementedError
