"""Writes efficientNetB0.json: the 200 smallest of EfficientNetB0's 213 trainable variables, as Keras builds it.

KERAS_BACKEND=jax python test/bench/efficientNetB0.py

Needs keras and a backend of it; no weights are loaded.
"""

import json
import math
from pathlib import Path

import keras

model = keras.applications.EfficientNetB0(weights=None, include_top=True)
variables = model.trainable_variables
smallest = {v.path for v in sorted(variables, key=lambda v: math.prod(v.shape))[:200]}
rows = [
    f'  {{ "path": {json.dumps(v.path)}, "shape": {json.dumps(v.shape)} }}' for v in variables if v.path in smallest
]
Path(__file__).with_suffix(".json").write_text("[\n" + ",\n".join(rows) + "\n]\n")
