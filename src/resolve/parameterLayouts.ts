// In which layouts a framework may hold a Keras variable as a parameter, told by the layer and the shape, and which of
// them the nodes that read the parameter call for.
// Must not import runtime, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import { axisInLayout, type Layout } from '../constraints/layout.js';
import { NonNeg } from '../constraints/nonNeg.js';
import type { KerasVariable } from '../keras/kerasModel.js';
import type { Consumer, ModelTensor } from '../onnx/model.js';
import { expectedOrders } from './consumerLayout.js';

/** A use of a parameter in the forward pass, perhaps behind a node that transposes it. */
export interface ForwardUse {
  readonly consumer: Consumer;
  /** Which dimension of the parameter each dimension is that the consumer reads. */
  readonly order: readonly number[];
}

/** A parameter of a train step: what is known of it without its values. */
export interface Parameter {
  readonly tensor: ModelTensor;
  readonly uses: readonly ForwardUse[];
}

/** The layouts of the variable that have the parameter's dims; those that differ in sizes of 1 alone are one. */
export function fittingLayouts(variable: KerasVariable, dims: readonly number[]): readonly Layout[] {
  const { shape: kerasShape } = variable;
  if (kerasShape === undefined) return [];
  const found = new Map<string, Layout>();
  for (const perm of knownOrders(variable)) {
    const layout: Layout = { kerasShape, perm, tensorShape: dims };
    const key = wideOrder(layout.perm, kerasShape);
    if (!found.has(key) && fits(layout, mayMerge(variable))) found.set(key, layout);
  }
  return [...found.values()];
}

/** The one layout that the constraint and the forward pass leave, or why more are left. */
export function decideAmong(
  variable: KerasVariable,
  constraint: Constraint,
  { tensor, uses }: Parameter,
  layouts: readonly Layout[],
): Layout | string {
  const [first] = layouts as [Layout];
  if (layouts.length === 1 || constraint.constructor === NonNeg) return first;
  const axes = layouts.map((layout) => JSON.stringify(axisInLayout(constraint, layout)));
  if (axes[0] !== undefined && axes.every((axis) => axis === axes[0])) return first;
  const called = new Set(uses.flatMap((use) => orderOf(variable, use) ?? []).map((order) => order.join()));
  const wanted = layouts.filter((layout) =>
    [...called].some(
      (order) =>
        wideOrder(order.split(',').map(Number), layout.kerasShape) ===
        wideOrder(layout.perm, layout.kerasShape),
    ),
  );
  if (wanted.length === 1) return wanted[0] as Layout;
  const orders = layouts.map(({ perm }) => `[${perm.join(', ')}]`).join(' or ');
  const why =
    wanted.length === 0 ? 'nothing that reads it in the forward pass tells which' : 'what reads it disagrees';
  return `${tensor.name} has the variable's sizes in more than one order of its dimensions (${orders}), and ${why}`;
}

/** The order of the variable's dimensions in the parameter that a use calls for. */
function orderOf(variable: KerasVariable, { consumer, order }: ForwardUse): readonly (readonly number[])[] {
  return expectedOrders(variable, { consumers: [consumer] }).flatMap((expected) => {
    if (expected.length !== order.length) return [];
    const own = new Array<number>(order.length);
    order.forEach((dimension, i) => {
      own[dimension] = expected[i] as number;
    });
    return [own];
  });
}

/** The orders of dimensions that Keras, PyTorch and JAX's libraries have for such a variable. */
function knownOrders({ shape = [], layerClass, name }: KerasVariable): readonly (readonly number[])[] {
  const axes = shape.map((_, axis) => axis);
  const rank = axes.length;
  if (rank < 2 || name === 'embeddings') return [axes];
  if (rank === 2) return [axes, [1, 0]];
  if (!/Conv/.test(layerClass)) return rank === 3 ? [axes, [1, 2, 0], [2, 0, 1]] : [axes];
  const spatial = axes.slice(0, -2);
  const isDepthwise = name === 'depthwise_kernel' || /^Depthwise/.test(layerClass);
  // Depthwise kernels are (…, channels, multiplier); the others (…, in, out) or, transposed, (…, out, in).
  return [axes, isDepthwise ? [rank - 2, rank - 1, ...spatial] : [rank - 1, rank - 2, ...spatial]];
}

/** Whether frameworks have fewer dimensions: channels and multiplier, or heads and their size, as one. */
function mayMerge({ shape = [], layerClass, name }: KerasVariable): boolean {
  return (
    /Depthwise/.test(layerClass) ||
    name === 'depthwise_kernel' ||
    (shape.length > 1 && /Einsum|Attention/.test(layerClass))
  );
}

/** Whether the dims are those of the variable in the layout's order, apart from sizes of 1, some perhaps merged. */
function fits({ kerasShape, perm, tensorShape }: Layout, merges: boolean): boolean {
  const left = perm.map((axis) => kerasShape[axis] as number).filter((size) => size !== 1);
  for (const size of tensorShape.filter((dim) => dim !== 1)) {
    let found = left.shift() ?? 0;
    while (merges && found < size && left.length > 0) found *= left.shift() as number;
    if (found !== size) return false;
  }
  return left.length === 0;
}

function wideOrder(order: readonly number[], kerasShape: readonly number[]): string {
  return order.filter((axis) => kerasShape[axis] !== 1).join();
}
