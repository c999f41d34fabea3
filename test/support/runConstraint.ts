// Runs a constraint's own graph on ONNX Runtime.
// Must not hold reference arithmetic.
import { type BuildGraphOptions, buildGraph } from '../../src/constraints/buildGraph.js';
import type { Constraint } from '../../src/constraints/constraint.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import { encodeGraph } from '../../src/onnx/encodeGraph.js';
import { feed, numbersOf, openSession } from './runOps.js';

/** The projected weight; the graph is told its shape, unless `options` say otherwise. */
export async function runConstraint(
  constraint: Constraint,
  weight: TensorValue,
  options: BuildGraphOptions = { shape: weight.dims },
): Promise<Float64Array> {
  const graph = buildGraph(constraint, { dtype: weight.dtype, ...options });
  const session = await openSession(encodeGraph(graph));
  try {
    const { w_out: result } = await session.run({ w: feed(weight) });
    if (result === undefined || `${result.dims}` !== `${weight.dims}`) {
      throw new RangeError(`found ${result?.dims} from ${weight.dims}`);
    }
    return numbersOf(result);
  } finally {
    await session.release();
  }
}
