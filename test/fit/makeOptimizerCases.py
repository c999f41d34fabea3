"""Lets Keras train tiny networks with every optimizer, option, schedule, loss and regularizer, and writes what it answers.

    KERAS_BACKEND=jax python test/fit/makeOptimizerCases.py

`test/fixtures/fit/options/cases.json` holds the models, the cases and what `fit` tells of each run;
`arrays.safetensors` holds, by model, `<model>/initial`, by data set `<data>/x`, `<data>/y` and `<data>/weight`, and by case
`<case>/loss` (of each step), `<case>/final` (all variables one after another) and `<case>/state` (all of the optimizer's).
Needs keras, jax, safetensors.
"""

import json
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np
from keras import constraints, layers, losses, metrics, optimizers, regularizers
from keras.optimizers import schedules
from safetensors.numpy import save_file

FOLDER = Path(__file__).parent.parent / "fixtures" / "fit" / "options"
STEPS, BATCH, WIDTH, CLASSES = 12, 6, 4, 3


def network(activation=None, units=CLASSES, first={}, last={}):
    """Two dense layers under constraints that the first values violate."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential([
        keras.Input((WIDTH,), name="input"),
        layers.Dense(5, activation="tanh", name="a", kernel_constraint=constraints.MaxNorm(0.7, axis=0), **first),
        layers.Dense(units, activation=activation, name="b", kernel_constraint=constraints.NonNeg(), **last),
    ], name="model")
    random = np.random.default_rng(4)
    model.set_weights([random.normal(size=w.shape, scale=0.5).astype("float32") for w in model.weights])
    return model


def frozen():
    """A frozen layer is not regularized; its result is."""
    return network(
        first={"trainable": False, "kernel_regularizer": regularizers.L2(0.3), "activity_regularizer": "l1"},
        last={"bias_regularizer": regularizers.L1L2(0.01, 0.02)})


MODELS = {
    "plain": network,
    "sigmoid": lambda: network("sigmoid"),
    "softmax": lambda: network("softmax"),
    "single": lambda: network("sigmoid", units=1),
    "positive": lambda: network("softplus"),
    "kernels": lambda: network(first={"kernel_regularizer": regularizers.L1(0.02)},
                               last={"kernel_regularizer": regularizers.L2(0.05)}),
    "activities": lambda: network(first={"activity_regularizer": regularizers.L1L2(0.01, 0.03),
                                         "bias_regularizer": "l2"}),
    "frozen": frozen,
}


def data():
    random = np.random.default_rng(5)
    x = random.normal(size=(STEPS, BATCH, WIDTH)).astype("float32")
    classes = random.integers(0, CLASSES, (STEPS, BATCH)).astype("int32")
    values = random.normal(size=(STEPS, BATCH, CLASSES)).astype("float32")
    shares = np.exp(values) / np.exp(values).sum(-1, keepdims=True)
    return {
        "x": x,
        "weight": random.uniform(0, 2, (STEPS, BATCH)).astype("float32"),
        "classes": classes,
        "values": values,
        "onehot": np.eye(CLASSES, dtype="float32")[classes],
        "shares": shares.astype("float32"),
        "bits": (values > 0).astype("float32"),
        "signs": np.where(values > 0, 1, -1).astype("float32"),
        "counts": random.poisson(2, values.shape).astype("float32"),
        "bit": (values[..., :1] > 0).astype("float32"),
    }


def case(optimizer=None, loss="mse", model="plain", labels="values", **options):
    return {"optimizer": optimizer or optimizers.SGD(0.1), "loss": loss, "model": model, "labels": labels, **options}


def optimizer_cases():
    sgd, adam = optimizers.SGD, optimizers.Adam
    yield "sgd", case(sgd(0.1))
    yield "sgd-momentum", case(sgd(0.05, momentum=0.9))
    yield "sgd-nesterov", case(sgd(0.05, momentum=0.8, nesterov=True))
    yield "adam", case(adam(0.02, beta_1=0.8, epsilon=1e-5))
    yield "adam-amsgrad", case(adam(0.05, amsgrad=True, beta_2=0.9))
    yield "adamw", case(optimizers.AdamW(0.02, weight_decay=0.1))
    yield "rmsprop", case(optimizers.RMSprop(0.01))
    yield "rmsprop-momentum", case(optimizers.RMSprop(0.01, rho=0.8, momentum=0.5))
    yield "rmsprop-centered", case(optimizers.RMSprop(0.01, centered=True, momentum=0.3, epsilon=1e-3))
    yield "adagrad", case(optimizers.Adagrad(0.1, initial_accumulator_value=0.2))
    yield "adamax", case(optimizers.Adamax(0.05))
    yield "nadam", case(optimizers.Nadam(0.02))
    yield "lion", case(optimizers.Lion(0.02, weight_decay=0.01))
    yield "clipnorm", case(sgd(0.2, clipnorm=0.3))
    yield "global-clipnorm", case(adam(0.02, global_clipnorm=0.4))
    yield "clipvalue", case(sgd(0.2, momentum=0.5, clipvalue=0.1))
    yield "weight-decay", case(sgd(0.1, weight_decay=0.2))
    yield "weight-decay-excluded", case(sgd(0.1, weight_decay=0.2), exclude=["bias"])
    yield "ema", case(adam(0.05, use_ema=True, ema_momentum=0.8))
    yield "ema-overwrite", case(sgd(0.2, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=3))
    yield "accumulation", case(adam(0.05, gradient_accumulation_steps=4, clipnorm=0.5, weight_decay=0.1))
    yield "accumulation-nadam-ema", case(optimizers.Nadam(
        0.05, gradient_accumulation_steps=3, use_ema=True, ema_momentum=0.6, ema_overwrite_frequency=2))
    yield "loss-scale", case(sgd(0.1, loss_scale_factor=128.0))


def schedule_cases():
    for name, schedule in {
        "exponential": schedules.ExponentialDecay(0.2, 4, 0.5),
        "exponential-stairs": schedules.ExponentialDecay(0.2, 4, 0.5, staircase=True),
        "piecewise": schedules.PiecewiseConstantDecay([3, 7], [0.2, 0.05, 0.1]),
        "polynomial": schedules.PolynomialDecay(0.2, 8, 0.01, power=2.0),
        "polynomial-cycle": schedules.PolynomialDecay(0.2, 5, 0.01, cycle=True),
        "inverse-time": schedules.InverseTimeDecay(0.2, 3, 0.5),
        "cosine": schedules.CosineDecay(0.2, 8, alpha=0.1),
        "cosine-warmup": schedules.CosineDecay(0.01, 6, warmup_target=0.2, warmup_steps=4),
        "restarts": schedules.CosineDecayRestarts(0.2, 3, t_mul=2.0, m_mul=0.8, alpha=0.05),
        "restarts-even": schedules.CosineDecayRestarts(0.2, 5, t_mul=1.0, m_mul=0.5),
    }.items():
        yield f"schedule-{name}", case(optimizers.SGD(schedule, momentum=0.5, weight_decay=0.1))
    yield "schedule-accumulation", case(optimizers.Adam(
        schedules.ExponentialDecay(0.1, 4, 0.5), gradient_accumulation_steps=2))


def loss_cases():
    one = losses
    for name, loss, model, labels in [
        ("sparse", "sparse_categorical_crossentropy", "softmax", "classes"),
        ("sparse-logits", one.SparseCategoricalCrossentropy(from_logits=True), "plain", "classes"),
        ("categorical", "categorical_crossentropy", "softmax", "onehot"),
        ("categorical-smooth", one.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2), "plain", "onehot"),
        ("binary", "binary_crossentropy", "sigmoid", "bits"),
        ("binary-smooth", one.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), "plain", "bits"),
        ("binary-single", "bce", "single", "bit"),
        ("mse-sum", one.MeanSquaredError(reduction="sum"), "plain", "values"),
        ("mae", "mae", "plain", "values"),
        ("mape", one.MeanAbsolutePercentageError(reduction="mean"), "plain", "values"),
        ("msle", "msle", "positive", "counts"),
        ("log-cosh", "log_cosh", "plain", "values"),
        ("huber", one.Huber(delta=0.4), "plain", "values"),
        ("cosine", one.CosineSimilarity(), "plain", "values"),
        ("kl", "kl_divergence", "softmax", "shares"),
        ("poisson", "poisson", "positive", "counts"),
        ("hinge", "hinge", "plain", "signs"),
        ("hinge-bits", one.Hinge(), "plain", "bits"),
        ("squared-hinge", "squared_hinge", "plain", "bits"),
        ("categorical-hinge", "categorical_hinge", "plain", "onehot"),
    ]:
        # A percentage of small numbers has large gradients.
        rate = 0.0005 if name == "mape" else 0.1
        yield f"loss-{name}", case(optimizers.SGD(rate), loss, model, labels)
    yield "weights", case(loss="mse", weighted=True)
    yield "weights-sum", case(loss=one.MeanAbsoluteError(reduction="sum"), weighted=True)
    yield "weights-mean", case(loss=one.MeanSquaredError(reduction="mean_with_sample_weight"), weighted=True)
    for model in ["kernels", "activities", "frozen"]:
        yield f"regularized-{model}", case(model=model)


def run_case(spec, arrays):
    model = MODELS[spec["model"]]()
    optimizer = spec["optimizer"]
    if "exclude" in spec:
        optimizer.exclude_from_weight_decay(var_names=spec["exclude"])
    model.compile(optimizer, spec["loss"])
    given = [arrays["x"], arrays[spec["labels"]]] + ([arrays["weight"]] if spec.get("weighted") else [])
    found = []
    for batch in zip(*given):
        model.reset_metrics()
        found.append(float(model.train_on_batch(*batch)))
    return model, np.asarray(found, "float32")


def flat(variables):
    return np.concatenate([np.asarray(v, "float32").ravel() for v in variables])


def metric_runs():
    """Epochs of `fit` with a last short batch, and `evaluate` with weighted metrics."""
    kinds = {
        "classes": ("softmax", "sparse_categorical_crossentropy",
                    lambda: ["accuracy", "sparse_categorical_crossentropy", metrics.SparseTopKCategoricalAccuracy(k=2)]),
        "onehot": ("softmax", "categorical_crossentropy",
                   lambda: ["acc", metrics.TopKCategoricalAccuracy(k=2, name="top"), "categorical_crossentropy", "kl_divergence"]),
        "bits": ("sigmoid", "binary_crossentropy",
                 lambda: [metrics.BinaryAccuracy(threshold=0.6), "binary_crossentropy", "hinge", "squared_hinge"]),
        "bit": ("single", "bce", lambda: ["accuracy"]),
        "values": ("plain", "mse",
                   lambda: ["mae", "MSE", metrics.RootMeanSquaredError(), metrics.CosineSimilarity(), "mape",
                            metrics.LogCoshError()]),
        "counts": ("positive", "poisson", lambda: ["poisson", "msle"]),
    }
    for labels, (model, loss, make) in kinds.items():
        yield f"metrics-{labels}", dict(model=model, loss=loss, labels=labels, metrics=make(), weighted_metrics=make(),
                                        weighted=True, epochs=2)
    yield "class-weight", dict(model="softmax", loss="sparse_categorical_crossentropy", labels="classes",
                               class_weight={0: 0.5, 2: 3.0}, weighted_metrics=["accuracy"], epochs=2)
    yield "class-weight-onehot", dict(model="softmax", loss="categorical_crossentropy", labels="onehot",
                                      class_weight={1: 2.0}, epochs=1, validation_split=0.25, metrics=["accuracy"])
    yield "ema-fit", dict(model="plain", loss="mse", labels="values", epochs=2,
                          optimizer=optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
    yield "regularized-fit", dict(model="activities", loss="mse", labels="values", epochs=1, validation_split=0.25)
    yield "plateau", dict(model="plain", loss="mse", labels="values", epochs=8, callback=[
        "reduceLearningRateOnPlateau",
        dict(monitor="loss", factor=0.5, patience=1, cooldown=1, minDelta=0.04, minLearningRate=0.03)])
    yield "stopping", dict(model="plain", loss="mse", labels="values", epochs=20, validation_split=0.3, callback=[
        "earlyStopping", dict(patience=2, minDelta=0.01, restoreBestWeights=True, startFromEpoch=1)])


CALLBACKS = {
    "reduceLearningRateOnPlateau": lambda a: keras.callbacks.ReduceLROnPlateau(
        a["monitor"], a["factor"], a["patience"], cooldown=a["cooldown"], min_delta=a["minDelta"],
        min_lr=a["minLearningRate"]),
    "earlyStopping": lambda a: keras.callbacks.EarlyStopping(
        patience=a["patience"], min_delta=a["minDelta"], restore_best_weights=a["restoreBestWeights"],
        start_from_epoch=a["startFromEpoch"]),
}


def run_fit(spec, arrays):
    model = MODELS[spec["model"]]()
    model.compile(spec.get("optimizer") or optimizers.SGD(0.1), spec["loss"], metrics=spec.get("metrics"),
                  weighted_metrics=spec.get("weighted_metrics"))
    whole = {key: arrays[key].reshape(-1, *arrays[key].shape[2:])[:70] for key in ("x", spec["labels"], "weight")}
    weight = whole["weight"] if spec.get("weighted") else None
    compiled = model.get_compile_config()
    callbacks = [CALLBACKS[spec["callback"][0]](spec["callback"][1])] if "callback" in spec else []
    history = model.fit(whole["x"], whole[spec["labels"]], batch_size=32, epochs=spec["epochs"], shuffle=False,
                        sample_weight=weight, class_weight=spec.get("class_weight"), verbose=0, callbacks=callbacks,
                        validation_split=spec.get("validation_split", 0.0)).history
    # The same weights would be shared with what the metrics hold, so the model is not asked again before its weights are read.
    final = flat(model.weights)
    evaluated = model.evaluate(whole["x"], whole[spec["labels"]], batch_size=32, sample_weight=weight, verbose=0,
                               return_dict=True)
    entry = {key: spec[key] for key in ("model", "labels", "epochs") } | {
        "compile_config": compiled,
        "weighted": bool(spec.get("weighted")),
        "class_weight": spec.get("class_weight"),
        "validation_split": spec.get("validation_split", 0),
        "callback": spec.get("callback"),
        "history": {key: [float(v) for v in values] for key, values in history.items()},
        "evaluated": {key: float(v) for key, v in evaluated.items()},
    }
    return entry, final


def main():
    arrays = data()
    tensors = dict(arrays)
    models, cases, fits = {}, [], []
    for name, make in MODELS.items():
        model = make()
        models[name] = {
            "config": json.loads(model.to_json()),
            "variables": [[v.path.removeprefix("model/"), list(v.shape)] for v in model.weights],
        }
        tensors[f"{name}/initial"] = flat(model.weights)
    for generator in (optimizer_cases, schedule_cases, loss_cases):
        for name, spec in generator():
            model, loss = run_case(spec, arrays)
            compiled = model.get_compile_config()
            if isinstance(spec["loss"], losses.Huber):
                # Keras leaves it out, and so reads back another loss.
                compiled["loss"]["config"]["delta"] = 0.4
            cases.append({"id": name, "model": spec["model"], "labels": spec["labels"],
                          "weighted": bool(spec.get("weighted")), "exclude": spec.get("exclude", []),
                          "compile_config": compiled,
                          "state": [list(v.shape) for v in model.optimizer.variables]})
            tensors[f"{name}/loss"] = loss
            tensors[f"{name}/final"] = flat(model.weights)
            tensors[f"{name}/state"] = flat(model.optimizer.variables)
            print(name, loss[0], loss[-1])
    for name, spec in metric_runs():
        entry, final = run_fit(spec, arrays)
        fits.append({"id": name, **entry})
        tensors[f"{name}/final"] = final
        print(name, entry["history"])
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"models": models, "cases": cases, "fits": fits}, separators=(",", ":"), default=str)
    (FOLDER / "cases.json").write_text(text + "\n")
    save_file(tensors, FOLDER / "arrays.safetensors")


main()
