# Runs the published graphs through ONNX's own backend test runner, on onnxruntime's backend.
# Exits 1 where a test fails, or where fewer ran than there are graphs.
import os
import sys
import unittest

# onnxruntime's backend skips every domain but ONNX's own, and so graphs that carry functions, unless told.
os.environ["ALLOW_RELEASED_ONNX_OPSET_ONLY"] = "0"

import bfloat16  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from onnx.backend.test.loader import load_model_tests  # noqa: E402
from onnx.backend.test.runner import Runner  # noqa: E402
from onnxruntime.backend.backend import OnnxRuntimeBackend  # noqa: E402
from onnxruntime.backend.backend_rep import OnnxRuntimeBackendRep  # noqa: E402

onnxruntime.set_default_logger_severity(4)


class Prepared(OnnxRuntimeBackendRep):
    """onnxruntime's own, but for inputs and outputs of bfloat16."""

    def run(self, inputs, **kwargs):
        names = [value.name for value in self._session.get_inputs()]
        return bfloat16.run(self._session, None, dict(zip(names, inputs, strict=True)))


class Backend(OnnxRuntimeBackend):
    @classmethod
    def prepare(cls, model, device=None, **kwargs):
        prepared = super().prepare(model, device, **kwargs)
        return prepared if isinstance(prepared, Prepared) else Prepared(prepared._session)


def main(models):
    cases = load_model_tests(data_dir=models, kind="constraints")
    runner = Runner(Backend)
    for case in cases:
        runner._add_model_test(case, "Constraints")
    tests = runner.test_cases["OnnxBackendConstraintsModelTest"]
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromTestCase(tests))
    # Each graph is a test for the CPU and one for CUDA, which is skipped where that is missing.
    ran = result.testsRun - len(result.skipped)
    failed = len(result.failures) + len(result.errors)
    versions = f"onnx {onnx.__version__} on onnxruntime {onnxruntime.__version__}"
    print(f"backend tests of {versions}: {ran} ran of {len(cases)} graphs, {failed} failed")
    return 0 if failed == 0 and ran >= len(cases) > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
