"""Lets Keras load what was saved here: the same predictions, the optimizer's state, and training goes on.

    node test/fit/saveModels.mjs <folder> && KERAS_BACKEND=jax python test/fit/checkSaved.py <folder>

Needs keras, jax, and a build (`npm run build`).
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np

folder = Path(sys.argv[1])


def predictions(model, x):
    return np.concatenate([each.ravel() for each in keras.tree.flatten(model.predict(x, verbose=0))])


for file in sorted(folder.glob("*.keras")):
    wanted = json.loads(file.with_suffix(".json").read_text())
    model = keras.models.load_model(file)
    x = np.asarray(wanted["x"], "float32").reshape(wanted["shape"])
    found = predictions(model, x)
    worst = np.abs(found - np.asarray(wanted["predictions"])).max()
    assert worst < 1e-5, f"{file.name}: predictions differ by {worst}"
    iteration, *slots = [np.asarray(v) for v in model.optimizer.variables]
    assert int(iteration) == wanted["iterations"], file.name
    assert [list(s.shape) for s in slots] == wanted["slots"], file.name
    assert any(np.abs(s).max() > 0 for s in slots), file.name
    state = [np.asarray(v) for v in model.optimizer.variables]
    for variable in [*model.weights, *model.optimizer.variables]:
        variable.assign(np.zeros_like(variable))
    model.load_weights(file.with_suffix(".weights.h5"))
    assert np.array_equal(predictions(model, x), found), f"{file.name}: weights alone differ"
    assert all(np.array_equal(a, b) for a, b in zip(state, model.optimizer.variables)), f"{file.name}: state differs"
    # Classes are a number for each sample, values as many as the output has.
    y = [np.asarray(each, "int32" if len(each) == len(x) else "float32").reshape(len(x), -1) for each in wanted["y"]]
    losses = []
    for start in range(0, len(x), 8):
        model.reset_metrics()
        labels = [each[start:start + 8] for each in y]
        told = model.train_on_batch(x[start:start + 8], labels if len(y) > 1 else labels[0], return_dict=True)
        losses.append(float(told["loss"]))
    assert np.allclose(losses, wanted["losses"], rtol=1e-4), f"{file.name}: {losses} {wanted['losses']}"
    print(f"{file.name}: predictions within {worst:.1e}, {len(slots)} slots, goes on with {losses}")
