#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""ProcessPoolExecutor of the standard library, one worker: ns of a round trip, small tasks a second in a map of 2 workers."""
import concurrent.futures
import statistics
import time


def add_one(number):
    return number + 1


if __name__ == "__main__":
    samples = []
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        pool.submit(add_one, 41).result()
        for _ in range(500):
            begin = time.monotonic()
            pool.submit(add_one, 41).result()
            samples.append(time.monotonic() - begin)
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        pool.submit(add_one, 41).result()
        begin = time.monotonic()
        list(pool.map(add_one, range(100000), chunksize=1000))
        rate = 100000 / (time.monotonic() - begin)
    print(f"{statistics.median(samples) * 1e9:.1f} {rate / 1e6:.3f}")
