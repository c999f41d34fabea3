// The plan for a file whose weights have names: each constrained variable goes to the weight of its own name.
// Must not import runtime, files or cli.
import { identityLayout } from '../constraints/layout.js';
import { dtypeKind } from '../graph/dtype.js';
import { formatShape } from '../graph/shape.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { StoredWeight, WeightFile } from '../graph/weightFile.js';
import type { KerasVariable } from '../keras/kerasModel.js';
import type { ModelTensor } from '../onnx/model.js';
import { whyMisfit } from './misfit.js';
import { WholeTensor } from './placement.js';
import type { Plan, PlanEntry } from './plan.js';

/** The weights of a file as tensors of a model. */
export interface WeightTensors {
  readonly tensors: readonly ModelTensor[];
  /** The file with what has been written to the tensors so far. */
  encode(): Promise<Uint8Array>;
}

/** Presents the weights of a file as a model's tensors, so that plans can be made for them and carried out. */
export function openTensors(file: WeightFile): WeightTensors {
  const changes = new Map<StoredWeight, TensorValue>();
  const tensors = file.weights.map((weight) => tensorOf(weight, changes));
  return { tensors, encode: () => file.encode(changes) };
}

/**
 * The plan for a file of named weights. A variable that the file does not have under its path and shape is
 * `unresolved` with the reason; other weights are left alone.
 *
 * @param variables the variables with their constraints, from a Keras file
 */
export function planWeights(
  tensors: readonly ModelTensor[],
  variables: readonly KerasVariable[],
  { includeFrozen = false }: { readonly includeFrozen?: boolean } = {},
): Plan {
  const byName = tensorsByName(tensors);
  const entries = variables.flatMap((variable): PlanEntry[] => {
    const { constraint } = variable;
    if (constraint === null) return [];
    const misfit = whyMisfit(variable, constraint);
    const common = { variable, constraint, fits: misfit === undefined };
    if (variable.refusal !== undefined) return [unplaced(common, 'unresolved', variable.refusal)];
    if (!variable.trainable && !includeFrozen) return [unplaced(common, 'frozen')];
    const found = misfit ?? find(byName, variable);
    if (typeof found === 'string') return [unplaced(common, 'unresolved', found)];
    const placements = [new WholeTensor(found, identityLayout(found.dims))];
    return [{ ...common, status: 'resolved', placements, tensors: [found] }];
  });
  return { entries };
}

type EntryStart = Pick<PlanEntry, 'variable' | 'constraint' | 'fits'>;

function unplaced(entry: EntryStart, status: 'frozen' | 'unresolved', reason?: string): PlanEntry {
  return { ...entry, status, placements: [], tensors: [], ...(reason !== undefined && { reason }) };
}

/** The tensors by name; `undefined` under names that more than one has. */
function tensorsByName(tensors: readonly ModelTensor[]): ReadonlyMap<string, ModelTensor | undefined> {
  const byName = new Map<string, ModelTensor | undefined>();
  for (const tensor of tensors) byName.set(tensor.name, byName.has(tensor.name) ? undefined : tensor);
  return byName;
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
    checkpoint: () => {
      const before = changes.get(weight);
      return () => {
        if (before === undefined) changes.delete(weight);
        else changes.set(weight, before);
      };
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
