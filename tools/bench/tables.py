"""How the figures are printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from peers import FLOOR, OURS, Cost
from plan import IDLE, IDLE_FIRST_MB, IDLE_MB, Goal, Workload

Costs = Mapping[str, Cost]


@dataclass(frozen=True)
class Reached:
    """How one goal stands.

    Attributes:
        workload: Of which workload.
        what: Whose figure, beside what.
        found: The figure.
        wanted: The goal.
        verdict: ``met``, ``first rung`` or ``missed``.
    """

    workload: str
    what: str
    found: str
    wanted: str
    verdict: str


def show(workload: Workload, costs: Costs, before: Mapping[str, float]) -> list[Reached]:
    """Print the table of one workload.

    Args:
        workload: What was done.
        costs: Median of each peer.
        before: Seconds of each peer in the run to compare with.

    Returns:
        How its goals stand.
    """
    floor = costs.get(FLOOR)
    print(f"\n{workload.key}: {workload.title}")
    print(
        f"{'':32}{'us':>11}{workload.unit + '/s':>13}{'time, x F2':>12}"
        f"{'CPU: client':>13}{'server, us':>12}{'before':>10}"
    )
    for label, cost in costs.items():
        beside = f"{cost.seconds / floor.seconds:.2f}" if floor else ""
        change = f"{cost.seconds / before[label]:.2f} x" if label in before else ""
        print(
            f"{label:32}{cost.seconds * 1e6:11.2f}{1 / cost.seconds:13,.0f}{beside:>12}"
            f"{cost.client_cpu_s * 1e6:13.2f}{cost.server_cpu_s * 1e6:12.2f}{change:>10}"
        )
    return [
        _reached(workload, goal, costs)
        for goal in workload.goals
        if goal.peer in costs and goal.rival in costs
    ]


def _reached(workload: Workload, goal: Goal, costs: Costs) -> Reached:
    speed = costs[goal.rival].seconds / costs[goal.peer].seconds
    if goal.speed < 1:  # as people say it: how many times the floor's time it takes
        found, wanted = f"{1 / speed:.2f} x its time", f"{1 / goal.speed:.2f} x"
    else:
        found, wanted = f"{speed:.2f} x as fast", f"{goal.speed:.1f} x"
    return Reached(workload.key, f"{goal.peer} : {goal.rival}", found, wanted, goal.verdict(speed))


def show_idle(found: Mapping[str, tuple[float, int]]) -> list[Reached]:
    """Print W9: megabytes and threads of each server, for its idle connections."""
    print(f"\nW9: a server with {IDLE:,} idle connections\n{'':32}{'MB more':>11}{'threads more':>14}")
    for label, (megabytes, threads) in found.items():
        print(f"{label:32}{megabytes:11.1f}{threads:14}")
    if OURS not in found:
        return []
    mine = found[OURS][0]
    verdict = "met" if mine <= IDLE_MB else "first rung" if mine <= IDLE_FIRST_MB else "missed"
    return [Reached("W9", OURS, f"{mine:.1f} MB", f"{IDLE_MB:.0f} MB", verdict)]


def show_replaced(costs: Costs) -> None:
    """Print what replacing Pyro4 brings."""
    print("\npyro4: the smallest call of a program for Pyro4, whose Pyro4 is replaced")
    print(f"{'':32}{'us':>11}{'x F2':>8}{'beside Pyro4':>18}")
    for label, cost in costs.items():
        rival = costs.get(label.replace("ours", "Pyro4")) if label.startswith("ours") else None
        against = f"{rival.seconds / cost.seconds:.2f} x as fast" if rival else ""
        floor = costs[FLOOR].seconds
        print(f"{label:32}{cost.seconds * 1e6:11.1f}{cost.seconds / floor:8.2f}{against:>18}")


def show_goals(goals: Sequence[Reached]) -> None:
    """Print the table of goals."""
    if not goals:
        return
    print(f"\nGoals\n{'':10}{'':62}{'reached':>18}{'goal':>9}")
    for goal in goals:
        print(f"{goal.workload:10}{goal.what:62}{goal.found:>18}{goal.wanted:>9}  {goal.verdict}")
    met = sum(goal.verdict == "met" for goal in goals)
    print(f"{met} of {len(goals)} goals met")
