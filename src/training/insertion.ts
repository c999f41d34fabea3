// The nodes that one parameter's constraint becomes: in the open or as a call, always or where a condition holds.
// Must not import runtime, files or cli.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { CONSTRAINTS_DOMAIN } from '../constraints/constraintFunction.js';
import { constantsAsNodes } from '../graph/constantsAsNodes.js';
import type { DType } from '../graph/dtype.js';
import type { Graph, Node } from '../graph/graph.js';
import { GraphBuilder } from '../graph/graphBuilder.js';
import { NameScope } from '../graph/nameScope.js';
import type { Shape } from '../graph/shape.js';
import { projectionOf } from '../lowering/projection.js';
import { lower } from '../ops/lower.js';
import { symbolicInput } from '../ops/symbolicTensor.js';
import type { ConstraintFunctions } from './constraintFunctions.js';
import type { Host } from './host.js';
import { SPLICED_PREFIX } from './splicedNames.js';

/** What a constraint is emitted for. */
export interface InsertionTask {
  /** The parameter's name, which goes into the names of its nodes. */
  readonly name: string;
  readonly constraint: Constraint;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly host: Host;
  readonly provider: string | undefined;
  readonly functions: ConstraintFunctions | undefined;
}

/** Nodes from one value to another. */
export interface Insertion {
  readonly graph: Graph;
  /** `canonical`, or the name of a faster form. */
  readonly form: string;
  /** How many nodes project the value, without those that choose when. */
  readonly nodes: number;
}

/** A name for a value of a parameter that nothing else has. */
export function freshName({ name, host }: Pick<InsertionTask, 'name' | 'host'>, base: string): string {
  const fresh = new NameScope(`${SPLICED_PREFIX}${name}/`, host.taken).fresh(base);
  host.taken.add(fresh);
  return fresh;
}

/**
 * The nodes that give `to` the projected value of `from`; with a condition, where that boolean holds, else `from` as it
 * is.
 *
 * @throws {ShapeError} when the constraint does not fit the shape
 */
export function insertionFor(task: InsertionTask, from: string, to: string, condition?: string): Insertion {
  const { host, constraint, dtype, shape } = task;
  const inner = condition === undefined ? to : freshName(task, 'constrained');
  const names = new NameScope(`${SPLICED_PREFIX}${task.name}/`, host.taken);
  const builder = new GraphBuilder({ opset: host.opset, names });
  const updated = symbolicInput(from, dtype, shape);
  const { result, form } = projectionOf(constraint, updated, task.provider);
  const call = task.functions?.nameFor(constraint, updated, result);
  if (call === undefined) lower(result, new Map([[updated, from]]), builder, inner);
  const built = builder.build(classNameOf(constraint));
  const called =
    call === undefined ? built : { ...built, nodes: [callNode(call, names.fresh(call), from, inner)] };
  const plain = host.irVersion >= 4 ? called : constantsAsNodes(called);
  for (const { outputs, name } of plain.nodes) for (const used of [name, ...outputs]) host.taken.add(used);
  for (const { name } of plain.initializers) host.taken.add(name);
  const graph = condition === undefined ? plain : conditional(task, plain, { from, to, inner, condition });
  return { graph, form, nodes: called.nodes.length };
}

function callNode(opType: string, name: string, from: string, to: string): Node {
  return { opType, domain: CONSTRAINTS_DOMAIN, name, inputs: [from], outputs: [to], attributes: {} };
}

/** An `If` around the nodes. It computes nothing in steps that leave the value alone, where a `Where` would. */
function conditional(
  task: InsertionTask,
  body: Graph,
  { from, to, inner, condition }: { from: string; to: string; inner: string; condition: string },
): Graph {
  const { dtype, shape } = task;
  const kept = freshName(task, 'kept');
  const branch = (name: string, output: string, graph: Pick<Graph, 'nodes' | 'initializers'>): Graph => ({
    ...body,
    ...graph,
    name,
    inputs: [],
    outputs: [{ name: output, dtype, shape }],
  });
  const keep: Node = { opType: 'Identity', name: kept, inputs: [from], outputs: [kept], attributes: {} };
  const choose: Node = {
    opType: 'If',
    name: freshName(task, 'If'),
    inputs: [condition],
    outputs: [to],
    attributes: {
      then_branch: { type: 'graph', value: branch(body.name, inner, body) },
      else_branch: { type: 'graph', value: branch('Unchanged', kept, { nodes: [keep], initializers: [] }) },
    },
  };
  return { ...body, nodes: [choose], initializers: [] };
}
