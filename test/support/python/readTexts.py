# Reads every .txt of a folder with ONNX's own parser and compares it with the .onnx beside it: the same model.
# Prints each difference, then the count; exits 1 when there is one or when there is no file.
import sys
from pathlib import Path

import onnx
from onnx import numpy_helper, parser


def plain(model):
    """The model with tensors stored in one way, and without fields that say nothing."""
    for function in model.functions:
        plain_nodes(function.node)
    for tensor in model.graph.initializer:
        store_raw(tensor, tensor.name)
    plain_nodes(model.graph.node)
    return model


def plain_nodes(nodes):
    for node in nodes:
        if node.domain == "":
            node.ClearField("domain")
        for attribute in node.attribute:
            if attribute.HasField("t"):
                store_raw(attribute.t, "")


def store_raw(tensor, name):
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor), name))


def main(folder):
    count = failed = 0
    for path in sorted(Path(folder).glob("*.txt")):
        count += 1
        try:
            found = plain(parser.parse_model(path.read_text()))
            wanted = plain(onnx.load(path.with_suffix(".onnx")))
            complaint = None if found == wanted else f"differs:\n{found}\nfrom\n{wanted}"
        except Exception as error:  # every kind of complaint is a finding about this file
            complaint = str(error)
        if complaint is not None:
            failed += 1
            print(f"{path}: {complaint}")
    print(f"onnx {onnx.__version__}: {count - failed} texts read as their models, {failed} not")
    return 0 if failed == 0 and count > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
