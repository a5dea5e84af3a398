"""Runs a program, and prints at its end what a scraper of Prometheus would have found.

In earnest: PYRO_PROMETHEUS=9464, and http://127.0.0.1:9464/metrics.

Usage: PYRO_OBSERVERS=prometheus python counted.py PROGRAM ARGUMENTS
"""

import runpy
import sys

from prometheus_client import generate_latest

if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
    for line in generate_latest().decode().splitlines():
        if line.startswith(("pyro_server_calls_total", "pyro_server_call_seconds_count")):
            print(line)
