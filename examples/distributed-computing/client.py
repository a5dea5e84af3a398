"""Has numbers taken apart, and shows the results as they come.

Usage: python client.py [HOW_MANY]
"""

import math
import random
import sys
from collections import Counter

from work import DISPATCHER, RULES

from pyro_client import Proxy

LARGEST = 10**9


def main(how_many: int) -> None:
    """Give the work away, and collect the results."""
    random_numbers = random.Random(1)
    numbers = [random_numbers.randrange(2, LARGEST) for _ in range(how_many)]
    workers: Counter[str] = Counter()
    results: dict[int, list[int]] = {}
    with Proxy(f"PYRONAME:{DISPATCHER}", rules=RULES) as dispatcher:
        for item in dispatcher.factorize(numbers):
            results[item.number] = item.factors
            workers[item.done_by] += 1
            print(f"{item.number} = {' * '.join(map(str, item.factors))}   ({item.done_by})")
    right = all(math.prod(results[number]) == number for number in numbers)
    print(f"{len(results)} numbers, all of them right: {right}; done by {dict(sorted(workers.items()))}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
