// Puts constraints into a train step, between each parameter's update and its output: Keras's 'after each gradient
// update', inside the graph.
// Must not import runtime, files or cli.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { get } from '../constraints/get.js';
import { constantsAsNodes } from '../graph/constantsAsNodes.js';
import { ConfigError, UnsupportedError, UsageError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import { GraphBuilder } from '../graph/graphBuilder.js';
import { NameScope } from '../graph/nameScope.js';
import { MAX_OPSET, MIN_OPSET } from '../graph/opset.js';
import type { OnnxModel } from '../onnx/model.js';
import { ModelStructure } from '../onnx/modelStructure.js';
import { lower } from '../ops/lower.js';
import { symbolicInput } from '../ops/symbolicTensor.js';
import { nearestProvider, providerRow } from '../runtime/providerTable.js';
import { DirectPaths } from './directPaths.js';
import { type Update, UpdateFinder } from './locateUpdate.js';
import { projectionOf } from './projection.js';
import { SPLICED_PREFIX } from './splicedNames.js';
import {
  type Others,
  othersValues,
  parameterPath,
  type StepDescription,
  type StepParameter,
} from './stepDescription.js';

export interface SpliceOptions {
  /**
   * The execution provider that will run the step, such as `cpu`: constraints get the form that is fast there.
   * Default: the canonical form, which is as good anywhere.
   */
  readonly provider?: string | undefined;
  /** What other readers of an updated value see. Default: `constrained`. */
  readonly others?: Others | undefined;
}

/** What became of one parameter. */
export interface SplicedParameter {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  /** `null` where the parameter has none and was left alone. */
  readonly constraint: Constraint | null;
  /** `canonical`, or the name of a faster form; undefined without a constraint. */
  readonly form?: string;
  /** How many nodes were put in. */
  readonly nodes: number;
  /** How many other nodes read the updated value. */
  readonly otherReaders: number;
}

interface Insertion {
  readonly update: Update;
  /** The new name of the value as it is before the constraint. */
  readonly unconstrained: string;
  readonly graph: Graph;
  readonly others: Others;
}

/**
 * Puts the constraints of a step description into a train step: `w_new = project(update(w))`, so that what a step gives
 * satisfies its constraint (with a `rate` below 1: moves towards it), as after Keras's `optimizer.apply`.
 *
 * Inputs and outputs keep their names, order, types and shapes; new names collide with none. The opset and IR version
 * stay. Nothing is changed unless every parameter of the description could be placed. The model is changed in place;
 * `model.encode()` gives its bytes.
 *
 * @throws {ConfigError} where the step has no such input or output, or two parameters share one
 * @throws {ShapeError} where input and output differ in shape or dtype, or the constraint does not fit
 * @throws {ResolveError} where an output is not the update of its input, or was spliced before
 * @throws {UnsupportedError} for opsets other than 13 to 26
 * @example
 * const step = await readModel('step.onnx');
 * splice(step, { parameters: { w: { input: 'w', output: 'w_new', constraint: maxNorm({ maxValue: 2, axis: 1 }) } } });
 * await writeModel(step, 'constrained.onnx');
 */
export function splice(
  model: OnnxModel,
  description: StepDescription,
  options: SpliceOptions = {},
): readonly SplicedParameter[] {
  checkOptions(options);
  const opset = hostOpset(model);
  const structure = new ModelStructure(model);
  const finder = new UpdateFinder(
    structure.graph,
    new DirectPaths(structure, structure.graph),
    description.file,
  );
  const host: Host = { opset, taken: model.names(), holdsInitializers: model.irVersion >= 4 };
  const planned = readParameters(description).map((parameter) => {
    const update = finder.find(parameter);
    return { ...parameter, ...planInsertion(parameter, update, { ...options, ...host }) };
  });
  for (const { insertion } of planned) if (insertion !== undefined) insert(insertion, opset);
  return planned.map(({ name, input, output, constraint, form, insertion, otherReaders }) => ({
    name,
    input,
    output,
    constraint,
    ...(form !== undefined && { form }),
    nodes: insertion?.graph.nodes.length ?? 0,
    otherReaders,
  }));
}

function checkOptions({ provider, others }: SpliceOptions): void {
  if (provider !== undefined && providerRow(provider) === undefined) {
    const near = nearestProvider(provider);
    const meant = near === undefined ? '' : `; did you mean '${near}'?`;
    throw new UsageError(`there is no execution provider '${provider}'${meant}`);
  }
  if (others !== undefined && !othersValues.includes(others)) {
    throw new UsageError(`others must be ${othersValues.join(' or ')}, found '${others}'`);
  }
}

/** The opset of a host, if nodes can be put in. @throws {UnsupportedError} */
export function hostOpset(model: OnnxModel): number {
  const opset = model.opset();
  const { file } = model;
  if (opset === undefined) {
    throw new UnsupportedError(
      "the model imports no version of ONNX's standard operators, in which constraints are written",
      { file, path: 'opset_import' },
    );
  }
  if (opset >= MIN_OPSET && opset <= MAX_OPSET) return opset;
  const remedy =
    opset < MIN_OPSET
      ? `export the step for opset ${MIN_OPSET} or later, or convert it with onnx.version_converter`
      : 'what later ones changed is not known';
  throw new UnsupportedError(
    `the model is for opset ${opset}; constraints are put into opsets ${MIN_OPSET} to ${MAX_OPSET}: ${remedy}`,
    { file, path: 'opset_import' },
  );
}

interface NamedParameter extends StepParameter {
  readonly name: string;
}

/** The parameters with their names, each input and output once. @throws {ConfigError} */
function readParameters({ parameters, file }: StepDescription): readonly NamedParameter[] {
  const entries = Object.entries(parameters).map(([name, parameter]) => ({ name, ...parameter }));
  for (const side of ['input', 'output'] as const) {
    const owners = new Map<string, string>();
    for (const { name, [side]: value } of entries) {
      const owner = owners.get(value);
      if (owner !== undefined) {
        throw new ConfigError(
          `${side} '${value}' is that of ${JSON.stringify(owner)} already; each parameter has its own`,
          { file, path: parameterPath(name, side) },
        );
      }
      owners.set(value, name);
    }
  }
  if (entries.length === 0) throw new UsageError('the step description names no parameter', { file });
  return entries;
}

/** What a host says of the nodes that go into it. */
interface Host {
  readonly opset: number;
  /** Every name in use; those given out are added. */
  readonly taken: Set<string>;
  /** Whether a graph may have initializers that are not inputs too. */
  readonly holdsInitializers: boolean;
}

interface Planned {
  readonly constraint: Constraint | null;
  readonly form?: string;
  readonly insertion?: Insertion;
  readonly otherReaders: number;
}

function planInsertion(parameter: NamedParameter, update: Update, options: SpliceOptions & Host): Planned {
  const constraint = get(parameter.constraint);
  const otherReaders = update.graph.readersOf(update.value).length;
  if (constraint === null) return { constraint, otherReaders };
  const { opset, taken, provider, holdsInitializers } = options;
  const names = new NameScope(`${SPLICED_PREFIX}${parameter.name}/`, taken);
  const builder = new GraphBuilder({ opset, names });
  const unconstrained = names.fresh('updated');
  const updated = symbolicInput(unconstrained, update.dtype, update.shape);
  const { result, form } = projectionOf(constraint, updated, provider);
  lower(result, new Map([[updated, unconstrained]]), builder, update.value);
  const built = builder.build(classNameOf(constraint));
  const graph = holdsInitializers ? built : constantsAsNodes(built);
  for (const { outputs } of graph.nodes) for (const name of outputs) taken.add(name);
  const { others = options.others ?? 'constrained' } = parameter;
  return { constraint, form, insertion: { update, unconstrained, graph, others }, otherReaders };
}

function insert({ update, unconstrained, graph, others }: Insertion, opset: number): void {
  const { graph: host, node, value } = update;
  node.renameOutput(value, unconstrained);
  if (others === 'unconstrained') host.redirect(value, unconstrained);
  host.insertAfter(node, graph, opset);
}
