// The plan for a file whose weights have names: each constrained variable goes to the weight of its own name.
// Must not import runtime, files or cli.
import { buildGraph } from '../constraints/buildGraph.js';
import type { Constraint } from '../constraints/constraint.js';
import { identityLayout } from '../constraints/layout.js';
import { dtypeKind } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
import { formatShape } from '../graph/shape.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { StoredWeight, WeightFile } from '../graph/weightFile.js';
import type { KerasModel, KerasVariable } from '../keras/kerasModel.js';
import type { ModelTensor } from '../onnx/model.js';
import { type Plan, type PlanEntry, placeTensor } from './plan.js';

/** Which constraint a weight has, told by its name and dims: what a rules file says. */
export type WeightRule = (name: string, dims: readonly number[]) => Constraint | undefined;

export interface PlannedWeights {
  readonly plan: Plan;
  /** The file with what has been written to the plan's tensors so far. */
  encode(): Promise<Uint8Array>;
}

/**
 * The plan for a file of named weights. A variable that the file does not have under its path and shape is
 * `unresolved` with the reason; other weights are left alone.
 *
 * @param variables the variables with their constraints, from a Keras file or from `variablesByRule`
 */
export function planWeights(
  file: WeightFile,
  variables: readonly KerasVariable[],
  { includeFrozen = false }: { readonly includeFrozen?: boolean } = {},
): PlannedWeights {
  const changes = new Map<StoredWeight, TensorValue>();
  const tensors = tensorsByName(file, changes);
  const entries = variables.flatMap((variable): PlanEntry[] => {
    const { constraint } = variable;
    if (constraint === null) return [];
    const misfit = whyMisfit(variable, constraint);
    const common = { variable, constraint, fits: misfit === undefined };
    if (variable.refusal !== undefined) return [unresolved(common, variable.refusal)];
    if (!variable.trainable && !includeFrozen) return [{ ...common, status: 'frozen', tensors: [] }];
    const found = misfit ?? find(tensors, variable);
    if (typeof found === 'string') return [unresolved(common, found)];
    return [{ ...common, status: 'resolved', tensors: [placeTensor(found, identityLayout(found.dims))] }];
  });
  return { plan: { entries }, encode: () => file.encode(changes) };
}

type EntryStart = Pick<PlanEntry, 'variable' | 'constraint' | 'fits'>;

function unresolved(entry: EntryStart, reason: string): PlanEntry {
  return { ...entry, status: 'unresolved', tensors: [], reason };
}

/**
 * Variables with the constraints that a rule gives them: those of the model, where the file tells of one, so that what
 * is frozen stays so; else one for each weight.
 */
export function variablesByRule(
  file: WeightFile,
  rule: WeightRule,
  model?: Pick<KerasModel, 'variables'>,
): readonly KerasVariable[] {
  const variables = model?.variables ?? file.weights.map(variableOf);
  return variables.map(({ constraintPath: _, ...variable }) => ({
    ...variable,
    constraint: (variable.shape && rule(variable.path, variable.shape)) ?? null,
  }));
}

function variableOf({ name, dims, dtype }: StoredWeight): KerasVariable {
  const layer = { layer: '', layerClass: '' };
  return { path: name, ...layer, name, shape: dims, dtype, trainable: true, constraint: null };
}

/** The weights as tensors of a model; `undefined` under names that more than one has. */
function tensorsByName(
  { weights }: WeightFile,
  changes: Map<StoredWeight, TensorValue>,
): ReadonlyMap<string, ModelTensor | undefined> {
  const tensors = new Map<string, ModelTensor | undefined>();
  for (const weight of weights) {
    tensors.set(weight.name, tensors.has(weight.name) ? undefined : tensorOf(weight, changes));
  }
  return tensors;
}

function tensorOf(weight: StoredWeight, changes: Map<StoredWeight, TensorValue>): ModelTensor {
  const { name, dims, dtype } = weight;
  return {
    name,
    path: name,
    dtype,
    dims,
    kind: 'initializer',
    alsoInput: false,
    external: false,
    consumers: [],
    read: () => changes.get(weight) ?? weight.read(),
    write: (value) => {
      changes.set(weight, value);
    },
  };
}

function find(
  tensors: ReadonlyMap<string, ModelTensor | undefined>,
  { path, shape }: KerasVariable,
): ModelTensor | string {
  if (!tensors.has(path)) return 'the file has no weight of this name';
  const tensor = tensors.get(path);
  if (tensor === undefined) return 'the file has more than one weight of this name';
  if (dtypeKind(tensor.dtype) !== 'float')
    return `the file holds it as ${tensor.dtype}, which cannot be projected`;
  const sameShape = shape === undefined || formatShape(shape) === formatShape(tensor.dims);
  return sameShape
    ? tensor
    : `the file holds it with shape ${formatShape(tensor.dims)}, not ${formatShape(shape)}`;
}

/** Why the constraint cannot be traced on the variable: an axis out of range, a changed shape or dtype. */
function whyMisfit({ dtype, shape }: KerasVariable, constraint: Constraint): string | undefined {
  try {
    buildGraph(constraint, { dtype, shape });
    return undefined;
  } catch (error) {
    if (error instanceof ShapeError) return error.detail;
    throw error;
  }
}
