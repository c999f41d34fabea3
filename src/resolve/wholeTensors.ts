// Finds tensors that are a variable as a whole: permuted, reshaped, or with the sign turned.
// Must not import runtime, files or cli.

import type { Constraint } from '../constraints/constraint.js';
import { axisInLayout, type Layout, toTensorOrder } from '../constraints/layout.js';
import { NonNeg } from '../constraints/nonNeg.js';
import { elementCount } from '../graph/tensorValue.js';
import type { KerasVariable } from '../keras/kerasModel.js';
import type { ModelTensor } from '../onnx/model.js';
import { type Catalog, type State, type StoredTensor, toleranceFor } from './catalog.js';
import { expectedOrders } from './consumerLayout.js';
import { matchingLayouts } from './match.js';
import { PiecedTensors, type Placement, WholeTensor } from './placement.js';

/** A tensor that has the variable's values, and every layout in which it could hold them. */
export interface WholeCandidate {
  readonly tensor: ModelTensor;
  readonly layouts: readonly Layout[];
  /** Whether it holds the variable with the sign turned. */
  readonly negated: boolean;
}

/** The tensors that hold the variable's values as they are, each in every layout that fits. */
export function findWholeTensors(
  catalog: Catalog,
  variable: KerasVariable,
  state: State,
): readonly WholeCandidate[] {
  const count = elementCount(variable.shape ?? []);
  return catalog.tensors.flatMap((stored) => {
    if (stored.count !== count) return [];
    return [
      ...candidate(catalog, variable, state, stored, false),
      // Exporters write PReLU as relu(x) - alpha · relu(-x), with the sign in the weight.
      ...(variable.layerClass === 'PReLU' ? candidate(catalog, variable, state, stored, true) : []),
    ];
  });
}

function candidate(
  catalog: Catalog,
  variable: KerasVariable,
  state: State,
  stored: StoredTensor,
  negated: boolean,
): readonly WholeCandidate[] {
  const { tensor } = stored;
  const exact = state === 'stored' && !negated;
  if (exact && catalog.printOf(variable, state, tensor.dtype) !== stored.print) return [];
  const values = catalog.numbersOf(variable, state, tensor.dtype);
  if (values === undefined) return [];
  const layouts = matchingLayouts(
    negated ? values.map((x) => -x) : values,
    variable.shape ?? [],
    stored.values,
    tensor.dims,
    {
      likely: expectedOrders(variable, tensor),
      tolerance: toleranceFor(values, tensor.dtype, state),
    },
  );
  return layouts.length === 0 ? [] : [{ tensor, layouts, negated }];
}

/** The placement in the layout that what reads the tensor calls for; the reason where nothing decides. */
export function decideLayout(
  variable: KerasVariable,
  constraint: Constraint,
  { tensor, layouts, negated }: WholeCandidate,
): Placement | string {
  const place = (layout: Layout): Placement =>
    negated ? negatedTensor(tensor, layout) : new WholeTensor(tensor, layout);
  const [first] = layouts as [Layout];
  if (layouts.length === 1 || constraint.constructor === NonNeg) return place(first);
  const expected = expectedOrders(variable, tensor);
  const called = layouts.find((layout) => expected.some((order) => sameOrder(order, layout)));
  if (called !== undefined) return place(called);
  const axes = layouts.map((layout) => JSON.stringify(axisInLayout(constraint, layout)));
  if (axes[0] !== undefined && axes.every((axis) => axis === axes[0])) return place(first);
  const orders = layouts.map(({ perm }) => `[${perm.join(', ')}]`).join(', ');
  return `${tensor.name} holds its values in more than one order of the dimensions (${orders}), and nothing that reads it tells which`;
}

function negatedTensor(tensor: ModelTensor, layout: Layout): Placement {
  const whole = new WholeTensor(tensor, layout);
  const keras = toTensorOrder(indices(elementCount(layout.kerasShape)), layout);
  const piece = { tensor, keras, stored: indices(keras.length), factor: () => -1 };
  const how = whole.how.filter((step) => step !== 'exact');
  return new PiecedTensors(layout.kerasShape, [piece], [...how, 'negated']);
}

/** 0, 1, 2 and so on. */
export function indices(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

/** Whether two orders agree, apart from dimensions of size 1. */
function sameOrder(order: readonly number[], { perm, kerasShape }: Layout): boolean {
  const wide = (axes: readonly number[]): string => axes.filter((axis) => kerasShape[axis] !== 1).join();
  return wide(order) === wide(perm);
}
