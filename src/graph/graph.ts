// The graphs this package emits: values, nodes and initializers of one flat ONNX graph, before any wire format.
// Must not import protobuf, Node or ONNX Runtime.
import type { DType } from './dtype.js';
import type { Shape } from './shape.js';
import type { TensorValue } from './tensorValue.js';

/** A named input or output. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Whether it is a sequence of such tensors. */
  readonly isSequence?: boolean;
}

/** An attribute of a node, by its ONNX type. */
export type Attribute =
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: TensorValue }
  | { readonly type: 'graph'; readonly value: Graph };

export interface Node {
  readonly opType: string;
  /** The operator's domain. Default: the standard one. */
  readonly domain?: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Initializer {
  readonly name: string;
  readonly value: TensorValue;
}

/** A function that the model carries: the body of an operator of its own. */
export interface LocalFunction {
  readonly domain: string;
  readonly version: number;
  /** Its name is that of the operator; it has no initializers. */
  readonly body: Graph;
}

/** A graph for one version of the default operator set. Nodes are in topological order. */
export interface Graph {
  readonly name: string;
  readonly opset: number;
  readonly doc?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly initializers: readonly Initializer[];
  readonly nodes: readonly Node[];
  readonly functions?: readonly LocalFunction[];
}
