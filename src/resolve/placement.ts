// Where in an ONNX model a Keras variable is, and how it gets out and in again.
// Must not import runtime, files or cli.
import type { Layout } from '../constraints/layout.js';
import { isIdentity, toKerasOrder, toTensorOrder } from '../constraints/layout.js';
import { fromFloat64, toFloat64 } from '../graph/numbers.js';
import { elementCount, type TensorValue } from '../graph/tensorValue.js';
import type { ModelTensor } from '../onnx/model.js';
import { keepsDims } from './match.js';

/**
 * How tensors hold a variable, in the order in which it is undone: as it is; with its dimensions in another order or
 * with other dims; as gates in another order; times a factor, or added to something else; with the sign turned; in one
 * tensor with another variable; in several tensors.
 */
export type How = 'exact' | 'permuted' | 'reshaped' | 'gates' | 'folded' | 'negated' | 'merged' | 'split';

/** One way in which the model holds a variable. */
export interface Placement {
  readonly tensors: readonly ModelTensor[];
  readonly how: readonly How[];
  /** Where a tensor is the variable permuted or reshaped: there the constraint can be run on the tensor as it is. */
  readonly layout?: Layout | undefined;
  /** The variable as the model holds it, in Keras's layout. */
  read(): TensorValue;
  /** Puts another value of the variable into the model. */
  write(value: TensorValue): void;
  /** The same in other tensors, one for each of these. */
  over(target: (tensor: ModelTensor) => ModelTensor): Placement;
}

/** A tensor that is the variable with its dimensions in another order, or with other dims. */
export class WholeTensor implements Placement {
  readonly tensors: readonly ModelTensor[];
  readonly how: readonly How[];

  constructor(
    readonly tensor: ModelTensor,
    readonly layout: Layout,
  ) {
    this.tensors = [tensor];
    this.how = describeLayout(layout);
  }

  read(): TensorValue {
    const { dtype, data } = this.tensor.read();
    const ordered = isIdentity(this.layout) ? data : toKerasOrder(data, this.layout);
    return { dtype, dims: this.layout.kerasShape, data: ordered };
  }

  write({ dtype, data }: TensorValue): void {
    const stored = isIdentity(this.layout) ? data : toTensorOrder(data, this.layout);
    this.tensor.write({ dtype, dims: this.tensor.dims, data: stored });
  }

  over(target: (tensor: ModelTensor) => ModelTensor): Placement {
    return new WholeTensor(target(this.tensor), this.layout);
  }
}

/** Elements of a tensor that hold elements of a variable: `stored[i] = keras[i] · factor[i] + what else is in it`. */
export interface Piece {
  readonly tensor: ModelTensor;
  /** The elements of the variable, by their index in Keras's row-major order. */
  readonly keras: Uint32Array;
  /** The elements of the tensor, by their index in row-major order, one for each of `keras`. */
  readonly stored: Uint32Array;
  /** What each is multiplied by. Default 1. */
  readonly factor?: (i: number) => number;
}

/** A variable in pieces: parts of tensors, in any order, each piece perhaps times a factor. */
export class PiecedTensors implements Placement {
  readonly tensors: readonly ModelTensor[];

  constructor(
    readonly shape: readonly number[],
    readonly pieces: readonly Piece[],
    readonly how: readonly How[],
  ) {
    this.tensors = [...new Set(pieces.map(({ tensor }) => tensor))];
  }

  read(): TensorValue {
    const values = new Float64Array(elementCount(this.shape));
    for (const { tensor, keras, stored, factor } of this.pieces) {
      const elements = toFloat64(tensor.read());
      keras.forEach((target, i) => {
        values[target] = (elements[stored[i] as number] as number) / (factor?.(i) ?? 1);
      });
    }
    return fromFloat64(values, this.#dtype, this.shape);
  }

  write(value: TensorValue): void {
    const values = toFloat64(value);
    for (const { tensor, keras, stored, factor } of this.pieces) {
      const elements = toFloat64(tensor.read());
      keras.forEach((source, i) => {
        elements[stored[i] as number] = (values[source] as number) * (factor?.(i) ?? 1);
      });
      tensor.write(fromFloat64(elements, tensor.dtype, tensor.dims));
    }
  }

  over(target: (tensor: ModelTensor) => ModelTensor): Placement {
    const pieces = this.pieces.map((piece) => ({ ...piece, tensor: target(piece.tensor) }));
    return new PiecedTensors(this.shape, pieces, this.how);
  }

  get #dtype(): ModelTensor['dtype'] {
    return (this.tensors[0] as ModelTensor).dtype;
  }
}

/**
 * A variable that is a summand of a tensor, times a factor: what it changes by is added, and the rest stays, so that
 * several variables can be summands of one tensor.
 */
export class AddedTensor implements Placement {
  readonly tensors: readonly ModelTensor[];
  readonly how: readonly How[] = ['folded'];

  constructor(
    readonly tensor: ModelTensor,
    /** The variable's value that the tensor holds now. */
    readonly value: TensorValue,
    readonly factor: (i: number) => number,
  ) {
    this.tensors = [tensor];
  }

  read(): TensorValue {
    return fromFloat64(toFloat64(this.value), this.tensor.dtype, this.value.dims);
  }

  write(value: TensorValue): void {
    const before = toFloat64(this.value);
    const after = toFloat64(value);
    const elements = toFloat64(this.tensor.read());
    after.forEach((x, i) => {
      elements[i] = (elements[i] as number) + (x - (before[i] as number)) * this.factor(i);
    });
    this.tensor.write(fromFloat64(elements, this.tensor.dtype, this.tensor.dims));
  }

  over(target: (tensor: ModelTensor) => ModelTensor): Placement {
    return new AddedTensor(target(this.tensor), this.value, this.factor);
  }
}

export function describeLayout(layout: Layout): readonly How[] {
  const wide = layout.perm.filter((axis) => layout.kerasShape[axis] !== 1);
  const permuted = wide.some((axis, i) => i > 0 && axis < (wide[i - 1] as number));
  const sameDims =
    layout.kerasShape.length === layout.tensorShape.length &&
    (permuted ? keepsDims(layout) : layout.kerasShape.every((dim, i) => dim === layout.tensorShape[i]));
  const how: How[] = [];
  if (permuted) how.push('permuted');
  if (!sameDims) how.push('reshaped');
  return how.length === 0 ? ['exact'] : how;
}
