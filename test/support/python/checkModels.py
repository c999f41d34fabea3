# Runs the official ONNX checker and strict shape inference on every .onnx file named, or found under a folder named.
# Prints one line a file, then the count; exits 1 when a file fails or when there is none.
# With --quiet the lines of files that pass are left out.
import sys
from pathlib import Path

import onnx


def models(arguments):
    for argument in arguments:
        path = Path(argument)
        yield from sorted(path.rglob("*.onnx")) if path.is_dir() else [path]


def training_graphs(model):
    """The inference graph with the lists of each training algorithm behind its own, which the checker leaves out."""
    for training in model.training_info:
        whole = onnx.ModelProto()
        whole.CopyFrom(model)
        del whole.training_info[:]
        for field in ("node", "initializer", "sparse_initializer", "input", "output", "value_info"):
            getattr(whole.graph, field).extend(getattr(training.algorithm, field))
        made = {output.name for output in whole.graph.output}
        if any(binding.value not in made for binding in training.update_binding):
            raise ValueError("update_binding names a value that is no output")
        check_bindings(whole.graph, training)
        yield whole
        if training.initialization.node or training.initialization.output:
            start = onnx.ModelProto()
            start.CopyFrom(whole)
            start.graph.CopyFrom(training.initialization)
            yield start


def check_bindings(graph, training):
    """That each name is bound once, that it is an initializer, and that a start is an output of the initialization."""
    stored = {tensor.name for tensor in graph.initializer}
    starts = {output.name for output in training.initialization.output}
    for bindings in (training.update_binding, training.initialization_binding):
        keys = [binding.key for binding in bindings]
        if len(keys) != len(set(keys)) or not stored.issuperset(keys):
            raise ValueError(f"{', '.join(keys)} are bound, not each once and not all initializers")
    if any(binding.value not in starts for binding in training.initialization_binding):
        raise ValueError("initialization_binding names a value that is no output")


def fault(path):
    """The first complaint about the file, or None."""
    try:
        onnx.checker.check_model(str(path), full_check=True)
        model = onnx.load(path)
        for training in training_graphs(model):
            onnx.checker.check_model(training, full_check=True)
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
        if any(not output.type.WhichOneof("value") for output in inferred.graph.output):
            return "an output has no type"
    except Exception as error:  # every kind of complaint is a finding about this file
        return " ".join(str(error).split())
    return None


def main(arguments):
    quiet = "--quiet" in arguments
    passed = failed = 0
    for path in models([argument for argument in arguments if argument != "--quiet"]):
        complaint = fault(path)
        if complaint is None:
            passed += 1
        else:
            failed += 1
        if complaint is not None or not quiet:
            print(f"{path}: {complaint or 'ok'}")
    print(f"onnx {onnx.__version__}: {passed} files passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
