"""The matrix: each scenario with its seeds, what broke by name, and one case that fails takes no other with it."""

import threading
from contextlib import nullcontext

from pipelines.chaos.scenario import Outcome, Scenario
from pipelines.chaos.sweep import sweep


def scenario(name, runs, engine="embedded"):
    return Scenario(name, f"what {name} is", ("P1",), runs, 3, engine)


def sites(count):
    return [lambda: nullcontext(object())] * count


def test_rows_add_up_and_name_a_seed_that_shows_the_breach_again():
    def holds(_site, seed):
        return Outcome(seed, 2, (), 5)

    def breaks(_site, seed):
        return Outcome(seed, 1, (f"lost at {seed}",) if seed > 1 else ())

    def dies(_site, _seed):
        raise OSError("no broker")

    matrix = sweep(
        [scenario("holds", holds), scenario("breaks", breaks), scenario("dies", dies, "spark")],
        [range(1, 4), range(3), range(7, 8)],
        sites(2),
    )
    assert [(row.fault, row.injections, row.runs, row.looks, row.result, row.seed) for row in matrix.rows] == [
        ("holds", 6, 3, 15, "held", None),
        ("breaks", 3, 3, 0, "broken", 2),
        ("dies", 0, 1, 0, "broken", 7),
    ]
    assert matrix.rows[1].breaches == ("lost at 2",)
    assert matrix.rows[2].breaches == ("the case could not be tried: OSError('no broker')",)
    assert (matrix.injections, matrix.breaches) == (9, 2)


def test_spark_has_the_machine_to_itself():
    at_once, most, lock = [0], {"embedded": 0, "spark": 0}, threading.Lock()
    both = threading.Barrier(2, timeout=20)

    def counting(engine):
        def runs(_site, seed):
            with lock:
                at_once[0] += 1
                most[engine] = max(most[engine], at_once[0])
            if engine == "embedded":
                both.wait()
            with lock:
                at_once[0] -= 1
            return Outcome(seed, 1)

        return runs

    cases = [scenario("a", counting("embedded")), scenario("b", counting("spark"), "spark")]
    sweep(cases, [range(4), range(4)], sites(2))
    assert most == {"embedded": 2, "spark": 1}
