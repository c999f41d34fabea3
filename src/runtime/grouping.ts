// Small parameters of one form put side by side in one array, so that hundreds of them are a few nodes of one run.
// Must not touch ONNX Runtime.
import { elementCount } from '../graph/tensorValue.js';
import { type Lowering, onView } from '../lowering/lowerings.js';
import { RunGraph } from '../lowering/runGraph.js';
import { fedDType, opsetFor, type WeightDType } from '../lowering/storage.js';
import { sizesOf, type View } from '../lowering/view.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import { bytesKey } from './bytesKey.js';
import type { FormedParameter } from './parameters.js';
import type { Place } from './projectionPlan.js';

export interface Member extends Place {
  readonly parameter: FormedParameter;
}

/** Parameters that are one input of a run, each in its place. */
export interface Group {
  readonly dtype: WeightDType;
  readonly dims: readonly number[];
  readonly members: readonly Member[];
  readonly lowering: Lowering;
}

/** Above this, copying a parameter to its group and back costs more than nodes of its own. */
const SMALL_BYTES = 2 ** 16;

/** A parameter is copied in so many pieces at most. */
const MOST_RUNS = 32;

/**
 * How parameters of one kind lie in their group's array:
 *
 * - `steps`: one after another along a first dimension
 * - `padded`: the same, each unit in a row that is longer than it; zeros add nothing to a norm
 * - `beside`: columns beside columns
 */
type Arrangement =
  | { readonly kind: 'steps'; readonly step: View }
  | { readonly kind: 'padded'; readonly length: number }
  | { readonly kind: 'beside'; readonly rows: number };

/** The parameters in groups, in the order of their first members. */
export function groupLike(parameters: readonly FormedParameter[]): readonly Group[] {
  const groups = new Map<string, FormedParameter[]>();
  for (const parameter of parameters) {
    const key = canJoin(parameter) ? formKey(parameter) : `alone ${parameter.name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [parameter]);
    else group.push(parameter);
  }
  return [...groups.values()].map(together);
}

/** A group of one, which is fed as it is. */
export function alone(parameter: FormedParameter): Group {
  const { lowering, dtype } = parameter;
  const length = elementCount(parameter.dims);
  const member = { parameter, offset: 0, runs: 1, length, stride: length };
  return { dtype, dims: lowering.dims, members: [member], lowering };
}

function together(parameters: readonly FormedParameter[]): Group {
  const [first] = parameters as [FormedParameter];
  if (parameters.length === 1) return alone(first);
  const { view, members } = arrange(parameters, arrangementOf(first.lowering.view));
  const lowering = onView(first.lowering, first.dtype, view);
  return { dtype: first.dtype, dims: lowering.dims, members, lowering };
}

function arrange(
  parameters: readonly FormedParameter[],
  arrangement: Arrangement,
): { readonly view: View; readonly members: readonly Member[] } {
  let end = 0;
  const placed = (size: (parameter: FormedParameter) => number): readonly [FormedParameter, number][] =>
    parameters.map((parameter) => {
      const offset = end;
      end += size(parameter);
      return [parameter, offset];
    });
  if (arrangement.kind === 'beside') {
    const { rows } = arrangement;
    const offsets = placed(({ dims }) => elementCount(dims) / rows);
    const members = offsets.map(([parameter, offset]) => {
      return { parameter, offset, runs: rows, length: elementCount(parameter.dims) / rows, stride: end };
    });
    return {
      view: [
        { size: rows, reduced: true },
        { size: end, reduced: false },
      ],
      members,
    };
  }
  if (arrangement.kind === 'padded') {
    const stride = arrangement.length;
    const members = placed(({ lowering }) => stride * rowsOf(lowering.view)).map(([parameter, offset]) => {
      const runs = rowsOf(parameter.lowering.view);
      return { parameter, offset, runs, length: elementCount(parameter.dims) / runs, stride };
    });
    return {
      view: [
        { size: end / stride, reduced: false },
        { size: stride, reduced: true },
      ],
      members,
    };
  }
  const { step } = arrangement;
  const members = placed(({ dims }) => elementCount(dims)).map(([parameter, offset]) => {
    const length = elementCount(parameter.dims);
    return { parameter, offset, runs: 1, length, stride: length };
  });
  return { view: [{ size: end / elementCount(sizesOf(step)), reduced: false }, ...step], members };
}

function arrangementOf(view: View): Arrangement {
  const [first] = view;
  if (view.length === 2 && first?.reduced === true && first.size <= MOST_RUNS) {
    return { kind: 'beside', rows: first.size };
  }
  const last = view.at(-1);
  if (last?.reduced === true && view.length <= 2 && rowsOf(view) <= MOST_RUNS) {
    return { kind: 'padded', length: 2 ** Math.ceil(Math.log2(last.size)) };
  }
  return { kind: 'steps', step: first?.reduced === true ? view : view.slice(1) };
}

/** How many rows a view of rows has. */
function rowsOf([first, second]: View): number {
  return second === undefined ? 1 : (first?.size ?? 1);
}

function canJoin({ lowering, bytes }: FormedParameter): boolean {
  return lowering.view.length > 0 && bytes <= SMALL_BYTES;
}

/** What parameters that can join have in common: how they lie, and the graph of one step. */
function formKey({ lowering, dtype }: FormedParameter): string {
  const arrangement = arrangementOf(lowering.view);
  const view = arrange([], arrangement).view.map(({ size, reduced }) => ({ size: size || 1, reduced }));
  const step = onView(lowering, dtype, view);
  const run = new RunGraph({ opset: opsetFor(dtype) });
  run.output('w_out', step.project(run.input('w', fedDType(dtype), step.dims)));
  return `${arrangement.kind} ${bytesKey(encodeGraph(run.build('step')))}`;
}
