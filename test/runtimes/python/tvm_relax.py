# Apache TVM: the ONNX frontend of Relax, compiled by LLVM.
import onnx
import tvm
from tvm import relax
from tvm.relax.frontend.onnx import from_onnx

VERSION = tvm.__version__


def run(case, inputs):
    shapes = {name: list(value.shape) for name, value in inputs.items()}
    dtypes = {name: value.dtype.name for name, value in inputs.items()}
    module = from_onnx(onnx.load(case["model"]), shape_dict=shapes, dtype_dict=dtypes)
    machine = relax.VirtualMachine(tvm.compile(module, target="llvm"), tvm.cpu())
    found = machine["main"](*[tvm.runtime.tensor(value) for value in inputs.values()])
    return [found.numpy()] if hasattr(found, "numpy") else [output.numpy() for output in found]
