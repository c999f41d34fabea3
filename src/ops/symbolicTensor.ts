// Symbolic tensors: a small expression graph of ONNX operators, free of any opset, that ops build and `lower` emits.
// Must not import anything above graph.
import type { DType } from '../graph/dtype.js';
import type { Attribute } from '../graph/graph.js';
import type { Shape } from '../graph/shape.js';
import type { TensorValue } from '../graph/tensorValue.js';

/** How a symbolic tensor comes about. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly value: TensorValue }
  | {
      readonly kind: 'op';
      readonly opType: string;
      readonly inputs: readonly SymbolicTensor[];
      readonly attributes: Readonly<Record<string, Attribute>>;
      /** Reduced, squeezed or inserted axes: an attribute or an input, as the opset wants it. */
      readonly axes?: readonly number[];
      /** How many outputs the operator has, of which this is the first. Default 1. */
      readonly outputs?: number;
      /** What the operator runs again and again, such as the body of a Scan. */
      readonly body?: Body;
    }
  | { readonly kind: 'output'; readonly of: SymbolicTensor; readonly index: number };

/** A graph inside of an operator. It sees nothing but its inputs. */
export interface Body {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
}

/**
 * A tensor whose values are known only when the graph runs.
 *
 * `dtype` is always known; `shape` as far as it could be inferred: sizes, names of symbolic
 * dimensions, `null` for unknown ones, `undefined` for an unknown rank.
 */
export class SymbolicTensor {
  constructor(
    readonly source: Source,
    readonly dtype: DType,
    readonly shape: Shape,
  ) {}

  /** The number of dimensions, where it is known. */
  get rank(): number | undefined {
    return this.shape?.length;
  }

  toString(): string {
    const dims = this.shape?.map((dim) => dim ?? '?').join(', ') ?? '...';
    return `SymbolicTensor(${this.dtype}, [${dims}])`;
  }

  /**
   * As `toString` in template literals.
   *
   * @throws {TypeError} in arithmetic and comparisons, whose operators do not work on symbolic tensors
   * @internal
   */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw new TypeError(
      'a symbolic tensor has no value while a constraint is traced: write ops.add(a, b), ops.greater(a, b) and so on in place of a + b or a > b',
    );
  }
}

/**
 * All results of one ONNX operator that has several.
 *
 * @param results the dtype and shape of each
 */
export function applyOpWithResults(
  opType: string,
  inputs: readonly SymbolicTensor[],
  results: readonly { readonly dtype: DType; readonly shape: Shape }[],
  extra: {
    readonly attributes?: Readonly<Record<string, Attribute>>;
    readonly body?: Body;
  } = {},
): readonly SymbolicTensor[] {
  const [first, ...others] = results;
  if (first === undefined) return [];
  const { attributes = {} } = extra;
  const source: Source = { kind: 'op', opType, inputs, ...extra, attributes, outputs: results.length };
  const of = new SymbolicTensor(source, first.dtype, first.shape);
  return [
    of,
    ...others.map(
      ({ dtype, shape }, i) => new SymbolicTensor({ kind: 'output', of, index: i + 1 }, dtype, shape),
    ),
  ];
}

/** A new graph input. */
export function symbolicInput(name: string, dtype: DType, shape: Shape): SymbolicTensor {
  return new SymbolicTensor({ kind: 'input', name }, dtype, shape);
}

/** The result of one ONNX operator. */
export function applyOp(
  opType: string,
  inputs: readonly SymbolicTensor[],
  result: { readonly dtype: DType; readonly shape: Shape },
  extra: {
    readonly attributes?: Readonly<Record<string, Attribute>>;
    readonly axes?: readonly number[];
  } = {},
): SymbolicTensor {
  const { attributes = {}, axes } = extra;
  const source: Source =
    axes === undefined
      ? { kind: 'op', opType, inputs, attributes }
      : { kind: 'op', opType, inputs, attributes, axes };
  return new SymbolicTensor(source, result.dtype, result.shape);
}
