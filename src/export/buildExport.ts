// The graph of an exported constraint: nodes in the open, or one call of a function that the model carries.
// Must not touch ONNX Runtime or files.
import type { Constraint } from '../constraints/constraint.js';
import {
  CONSTRAINTS_DOMAIN,
  CONSTRAINTS_VERSION,
  functionGraph,
  functionName,
} from '../constraints/constraintFunction.js';
import { documentationOf } from '../constraints/documentation.js';
import type { Graph, LocalFunction, Node } from '../graph/graph.js';
import { GraphBuilder } from '../graph/graphBuilder.js';
import { DEFAULT_OPSET } from '../graph/opset.js';
import { lower } from '../ops/lower.js';
import { olderForm } from '../ops/olderForms.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import { checkExportOptions, type ExportOptions } from './exportOptions.js';
import { withRank } from './rank.js';
import { exportName, type Trace, traceExport } from './trace.js';

/**
 * The graph that `exportConstraint` writes.
 *
 * @throws {ShapeError} when the constraint does not fit the shape, or changes shape or dtype
 * @throws {UsageError} on options that are not accepted, and on what the opset cannot express
 */
export function buildExport(constraint: Constraint, options: ExportOptions = {}): Graph {
  checkExportOptions(options);
  const { opset = DEFAULT_OPSET, phase } = options;
  const trace = traceExport(constraint, withRank(constraint, options));
  const builder = new GraphBuilder({ opset });
  const inputs = new Map<SymbolicTensor, string>();
  for (const input of trace.inputs) {
    const { source, dtype, shape } = input;
    if (source.kind === 'input') inputs.set(input, builder.input({ name: source.name, dtype, shape }));
  }
  const { result, output } = trace;
  builder.output({ name: output, dtype: result.dtype, shape: outputShape(trace) });
  const { doc, metadata } = documentationOf(constraint, trace.given);
  const documentation = {
    ...(doc !== undefined && { doc: describe(doc, trace) }),
    metadata: { ...metadata, ...(phase !== undefined && { 'keras.constraints.phase': phase }) },
  };
  const name = exportName(constraint, options);
  if (options.function !== true) {
    lower(result, inputs, builder, output, olderForm);
    return builder.build(name, documentation);
  }
  const operator = phase === undefined ? functionName(constraint) : `${functionName(constraint)}_${phase}`;
  const body = { ...functionGraph({ opset, inputs, result, output, olderForm }), name: operator };
  const local: LocalFunction = {
    domain: CONSTRAINTS_DOMAIN,
    version: CONSTRAINTS_VERSION,
    body: documentation.doc === undefined ? body : { ...body, doc: documentation.doc },
  };
  const call: Node = {
    opType: operator,
    domain: CONSTRAINTS_DOMAIN,
    name: builder.names.fresh(operator),
    inputs: [...inputs.values()],
    outputs: [output],
    attributes: {},
  };
  return { ...builder.build(name, documentation), nodes: [call], functions: [local] };
}

/** The projected weight has the weight's own shape, of which inference may know less. */
function outputShape({ inputs, result, output }: Trace): SymbolicTensor['shape'] {
  return output === 'w_out' ? inputs[0]?.shape : result.shape;
}

function describe(doc: string, { given, output, inputs }: Trace): string {
  const rest =
    given.length === 0
      ? ''
      : `; ${given.map((name) => (name === 'axis' ? 'axes' : name)).join(', ')} given as inputs`;
  if (output !== 'w_out') return `The sum of squares of each unit, for ${doc}${rest}`;
  const isFinish =
    inputs.length > 1 && inputs[1]?.source.kind === 'input' && inputs[1].source.name === 'sum_of_squares';
  return isFinish ? `${doc}; norm is the root of sum_of_squares${rest}` : `${doc}${rest}`;
}
