# A weight that is split over four Ray workers, projected by the two-phase graphs with onnxruntime in each:
#   python ray_projection.py models/constraints
# Each worker gives the sum of squares of its shard, the sums are added, and each worker scales its shard by the total.
# Exits 1 where the shards together are not what the whole graph makes of the whole weight.
import os
import sys

import numpy as np
import onnxruntime
import ray

WORKERS = 4


@ray.remote(num_cpus=0)
class Shard:
    """One worker, with its part of the weight and sessions of its own."""

    def __init__(self, w, partial, finish):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.w = w
        self.partial = onnxruntime.InferenceSession(partial, options, providers=["CPUExecutionProvider"])
        self.finish = onnxruntime.InferenceSession(finish, options, providers=["CPUExecutionProvider"])

    def sum_of_squares(self):
        return self.partial.run(["sum_of_squares"], {"w": self.w})[0]

    def project(self, total):
        return self.finish.run(["w_out"], {"w": self.w, "sum_of_squares": total})[0]

    def process(self):
        return os.getpid()


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def project_split(w, partial, finish):
    """The projected weight from four shards along dimension 0, which the norms run over."""
    shards = [Shard.remote(part, partial, finish) for part in np.array_split(w, WORKERS, axis=0)]
    processes = set(ray.get([shard.process.remote() for shard in shards]))
    # The all-reduce of any distributed engine stands here.
    total = ray.put(sum(ray.get([shard.sum_of_squares.remote() for shard in shards])))
    parts = ray.get([shard.project.remote(total) for shard in shards])
    return np.concatenate(parts, axis=0), len(processes)


def main(folder):
    partial = read(folder, "test_max_norm_partial", "model.onnx")
    finish = read(folder, "test_max_norm_finish", "model.onnx")
    whole = onnxruntime.InferenceSession(read(folder, "test_max_norm_open", "model.onnx"))
    ray.init(num_cpus=WORKERS, include_dashboard=False, logging_level="error", log_to_driver=False)
    w = np.random.default_rng(7).normal(size=(1000, 64)).astype(np.float32)
    answer, processes = project_split(w, partial, finish)
    ray.shutdown()
    unsplit = whole.run(["w_out"], {"w": w})[0]
    error = float(np.max(np.abs(answer - unsplit) / (np.abs(unsplit) + 0.05)))
    moved = float(np.max(np.abs(answer - w)))
    print(
        f"Ray {ray.__version__}, {processes} workers with onnxruntime {onnxruntime.__version__} in each: the shards of a "
        f"{w.shape} weight against the whole, largest error {error:.1e}, moved by up to {moved:.2f}"
    )
    return 0 if processes == WORKERS and error <= 2e-6 and moved > 0.1 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
