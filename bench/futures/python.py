#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""concurrent.futures of the standard library, one worker thread: PROGRAM KERNEL SECONDS, as bench/futures/kernels.h."""
import concurrent.futures
import statistics
import sys
import time


def add_one(number):
    return number + 1


kernel, seconds = sys.argv[1], float(sys.argv[2])
if kernel not in ("round_trip", "asleep"):
    print("nan 0")  # a million takes a minute
    sys.exit()
samples = []
with concurrent.futures.ThreadPoolExecutor(1) as pool:
    end = time.monotonic() + seconds
    while len(samples) < 5 or time.monotonic() < end:
        if kernel == "asleep":
            pause_end = time.monotonic() + 0.002
            while time.monotonic() < pause_end:
                pass
        begin = time.monotonic()
        result = pool.submit(add_one, 41).result()
        samples.append(time.monotonic() - begin)
print(f"{statistics.median(samples) * 1e9:.1f} {result}")
