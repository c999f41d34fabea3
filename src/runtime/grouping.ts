// Small parameters of one form put side by side in one array, so that hundreds of them are a few nodes of one run.
// Must not touch ONNX Runtime.
import { elementCount } from '../graph/tensorValue.js';
import { type Lowering, onView } from '../lowering/lowerings.js';
import { RunGraph } from '../lowering/runGraph.js';
import { fedDType, opsetFor, type WeightDType } from '../lowering/storage.js';
import type { View } from '../lowering/view.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import type { FormedParameter } from './parameters.js';

/** Parameters that are one input of a run, each from its offset on. */
export interface Group {
  readonly dtype: WeightDType;
  readonly dims: readonly number[];
  readonly members: readonly { readonly parameter: FormedParameter; readonly offset: number }[];
  readonly lowering: Lowering;
}

/** Above this, copying a parameter to its group and back costs more than nodes of its own. */
const SMALL_BYTES = 2 ** 16;

/** The parameters in groups, in the order of their first members. */
export function groupLike(parameters: readonly FormedParameter[]): readonly Group[] {
  const groups = new Map<string, FormedParameter[]>();
  for (const parameter of parameters) {
    const key = canJoin(parameter) ? formKey(parameter) : parameter.name;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [parameter]);
    else group.push(parameter);
  }
  return [...groups.values()].map(together);
}

/** A group of one, which is fed as it is. */
export function alone(parameter: FormedParameter): Group {
  const { lowering } = parameter;
  return { dtype: parameter.dtype, dims: lowering.dims, members: [{ parameter, offset: 0 }], lowering };
}

function together(members: readonly FormedParameter[]): Group {
  const [first] = members as [FormedParameter];
  if (members.length === 1) return alone(first);
  const views = members.map(({ lowering }) => batchView(lowering.view));
  const size = views.reduce((sum, [step]) => sum + (step?.size ?? 0), 0);
  const lowering = onView(first.lowering, first.dtype, [
    { size, reduced: false },
    ...(views[0] ?? []).slice(1),
  ]);
  let end = 0;
  const placed = members.map((parameter) => {
    const offset = end;
    end += elementCount(parameter.dims);
    return { parameter, offset };
  });
  return { dtype: first.dtype, dims: lowering.dims, members: placed, lowering };
}

function canJoin({ lowering, bytes }: FormedParameter): boolean {
  return lowering.view.length > 0 && bytes <= SMALL_BYTES;
}

/** The view with a first dimension along which others like it can follow. */
function batchView(view: View): View {
  return view[0]?.reduced === true ? [{ size: 1, reduced: false }, ...view] : view;
}

/** What parameters that can join have in common: the graph of one step along the first dimension. */
function formKey({ lowering, dtype }: FormedParameter): string {
  const view = [{ size: 1, reduced: false }, ...batchView(lowering.view).slice(1)];
  const step = onView(lowering, dtype, view);
  const run = new RunGraph({ opset: opsetFor(dtype) });
  run.output('w_out', step.project(run.input('w', fedDType(dtype), step.dims)));
  return String.fromCharCode(...encodeGraph(run.build('step')));
}
