// A constraint as a function that models carry themselves, so that a viewer shows `MaxNorm` and not its nodes.
// Must not import anything above ops.
import { constantsAsNodes } from '../graph/constantsAsNodes.js';
import type { Graph } from '../graph/graph.js';
import { GraphBuilder } from '../graph/graphBuilder.js';
import { lower } from '../ops/lower.js';
import type { OlderForm } from '../ops/olderForms.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import { type Constraint, classNameOf } from './constraint.js';
import { FunctionConstraint } from './functionConstraint.js';

/** The domain of the functions that constraints become, and its version. */
export const CONSTRAINTS_DOMAIN = 'keras.constraints';
export const CONSTRAINTS_VERSION = 1;

/** The IR version that functions came with. */
export const FUNCTIONS_SINCE = 8;

/** From where to where a function goes. */
export interface FunctionBody {
  readonly opset: number;
  /** The name of each input. */
  readonly inputs: ReadonlyMap<SymbolicTensor, string>;
  readonly result: SymbolicTensor;
  readonly output: string;
  /** Forms of operators for older opsets, as `lower` takes them. */
  readonly olderForm?: OlderForm;
}

/** The graph of a function: it has no initializers, and fits any shape. */
export function functionGraph({ opset, inputs, result, output, olderForm }: FunctionBody): Graph {
  const builder = new GraphBuilder({ opset });
  for (const [{ dtype }, name] of inputs) builder.input({ name, dtype, shape: undefined });
  builder.output({ name: output, dtype: result.dtype, shape: undefined });
  lower(result, inputs, builder, output, olderForm);
  return constantsAsNodes(builder.build(''));
}

/** Names of operators are identifiers; class names may hold more. */
export function functionName(constraint: Constraint): string {
  const name = constraint instanceof FunctionConstraint ? constraint.fn.name : classNameOf(constraint);
  return name.replace(/\W/g, '_') || 'constraint';
}
