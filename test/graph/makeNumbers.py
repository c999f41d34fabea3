"""Writes test/fixtures/numbers/numbers.json: what NumPy and ml_dtypes make of bit patterns and of numbers.

python test/graph/makeNumbers.py (needs numpy and ml_dtypes); the same bytes each time.
"""

import hashlib
import json
import pathlib

import ml_dtypes
import numpy as np

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "numbers"
NARROW = ["float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn"]


def plain(numbers):
    return [float(n) if np.isfinite(n) else repr(float(n)) for n in numbers]


def digest(numbers):
    """SHA-256 over the little-endian float64 of all numbers, NaN as 0x7ff8000000000000."""
    numbers = numbers.astype("<f8")
    numbers[np.isnan(numbers)] = np.nan
    return hashlib.sha256(numbers.tobytes()).hexdigest()


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    patterns = {}
    for name in NARROW:
        count = 16 if name.startswith("float4") else 256
        patterns[name] = plain(np.arange(count, dtype=np.uint8).view(getattr(ml_dtypes, name)).astype(np.float64))
    every16 = np.arange(65536, dtype=np.uint16)
    digests = {
        "float16": digest(every16.view(np.float16).astype(np.float64)),
        "bfloat16": digest(every16.view(ml_dtypes.bfloat16).astype(np.float64)),
    }
    random = np.random.default_rng(0)
    numbers = random.standard_normal(200) * 10.0 ** random.integers(-9, 6, 200)
    with np.errstate(over="ignore"):
        bits = numbers.astype(np.float16).view(np.uint16).tolist()
    halves = {"numbers": numbers.tolist(), "float16": bits}
    result = {"patterns": patterns, "digests": digests, "halves": halves}
    (OUT / "numbers.json").write_text(json.dumps(result, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
