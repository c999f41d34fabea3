// Finds the weights of recurrent layers in the stacked tensors of ONNX's LSTM, GRU and RNN.
// Must not import runtime, files or cli.
import type { KerasVariable } from '../keras/kerasModel.js';
import type { Consumer, ModelTensor } from '../onnx/model.js';
import { type Catalog, type State, type StoredTensor, toleranceFor } from './catalog.js';
import { PiecedTensors, type Placement } from './placement.js';

/** For each gate in ONNX's order, its place in Keras's: LSTM i, o, f, c after i, f, c, o; GRU z, r, h in both. */
const gateOrders: Readonly<Record<string, readonly number[]>> = {
  LSTM: [0, 3, 1, 2],
  GRU: [0, 1, 2],
  RNN: [0],
};

/** Where elements of a variable are in a tensor, one direction of it. */
interface GateMap {
  readonly keras: Uint32Array;
  readonly stored: Uint32Array;
  /** Elements of the tensor that the operator adds to them, which must therefore be zero. */
  readonly zeros: readonly number[];
}

/** The tensors of recurrent operators that hold the variable in one of their directions. */
export function findGates(catalog: Catalog, variable: KerasVariable, state: State): readonly Placement[] {
  return catalog.tensors.flatMap((stored) => {
    const consumer = stored.tensor.consumers.find(isRecurrentWeight);
    const placement = consumer && findInTensor(catalog, variable, state, stored, consumer);
    return placement === undefined ? [] : [placement];
  });
}

function isRecurrentWeight({ opType, domain, inputIndex }: Consumer): boolean {
  return domain === '' && gateOrders[opType] !== undefined && inputIndex >= 1 && inputIndex <= 3;
}

function findInTensor(
  catalog: Catalog,
  variable: KerasVariable,
  state: State,
  stored: StoredTensor,
  consumer: Consumer,
): Placement | undefined {
  const { tensor } = stored;
  const { shape = [] } = variable;
  const values = catalog.numbersOf(variable, state, tensor.dtype);
  const order = gateOrders[consumer.opType] ?? [];
  if (values === undefined) return undefined;
  const elements = stored.values;
  const tolerance = toleranceFor(values, tensor.dtype, state);
  const directions = Array.from({ length: tensor.dims[0] ?? 0 }, (_, direction) => direction);
  const maps = directions.flatMap((direction) => {
    const map = gateMap(shape, tensor, order, consumer.inputIndex, direction);
    const holds = map !== undefined && holdsValues(map, elements, values, tolerance);
    return holds ? [map] : [];
  });
  const map = maps.length > 1 && /backward/.test(variable.path) ? maps.at(-1) : maps[0];
  if (map === undefined) return undefined;
  const how = consumer.inputIndex === 3 ? (['gates'] as const) : (['permuted', 'gates'] as const);
  return new PiecedTensors(shape, [{ tensor, keras: map.keras, stored: map.stored }], how);
}

function holdsValues(
  { keras, stored, zeros }: GateMap,
  elements: Float64Array,
  values: Float64Array,
  tolerance: number,
): boolean {
  const isNear = (from: number, i: number): boolean =>
    Math.abs((elements[stored[i] as number] as number) - (values[from] as number)) <= tolerance;
  return keras.every(isNear) && zeros.every((at) => elements[at] === 0);
}

function gateMap(
  shape: readonly number[],
  { dims }: ModelTensor,
  order: readonly number[],
  inputIndex: number,
  direction: number,
): GateMap | undefined {
  const gates = order.length;
  if (inputIndex === 3) return biasMap(shape, dims, order, direction);
  const [, rows = 0, inputs = 0] = dims;
  const units = rows / gates;
  if (dims.length !== 3 || shape.length !== 2 || shape[0] !== inputs || shape[1] !== rows) return undefined;
  const keras = new Uint32Array(rows * inputs);
  const stored = new Uint32Array(rows * inputs);
  let i = 0;
  for (const [gate, place] of order.entries()) {
    for (let unit = 0; unit < units; unit++) {
      for (let input = 0; input < inputs; input++) {
        keras[i] = input * rows + place * units + unit;
        stored[i] = (direction * rows + gate * units + unit) * inputs + input;
        i++;
      }
    }
  }
  return { keras, stored, zeros: [] };
}

/** ONNX has a bias for the input and one for the recurrence; Keras has both for GRU's `reset_after` alone. */
function biasMap(
  shape: readonly number[],
  dims: readonly number[],
  order: readonly number[],
  direction: number,
): GateMap | undefined {
  const gates = order.length;
  const [, both = 0] = dims;
  const rows = both / 2;
  const units = rows / gates;
  const isDouble = shape.length === 2 && shape[0] === 2 && shape[1] === rows;
  if (dims.length !== 2 || !(isDouble || (shape.length === 1 && shape[0] === rows))) return undefined;
  const keras: number[] = [];
  const stored: number[] = [];
  for (let half = 0; half < (isDouble ? 2 : 1); half++) {
    for (const [gate, place] of order.entries()) {
      for (let unit = 0; unit < units; unit++) {
        keras.push(half * rows + place * units + unit);
        stored.push(direction * both + half * rows + gate * units + unit);
      }
    }
  }
  const unused = isDouble ? 0 : rows;
  const zeros = Array.from({ length: unused }, (_, i) => direction * both + rows + i);
  return { keras: Uint32Array.from(keras), stored: Uint32Array.from(stored), zeros };
}
