// What a form of an operator is given.
// Types only. Must not import other folders of fit.
import type { Attribute } from '../../graph/graph.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';

/** What a graph offers to its forms. */
export interface FormGround {
  /** The version of ONNX's operator set. */
  readonly opset?: number | undefined;
  /** The number of the step, an int32 of shape (); graphs that are no train step have none. */
  readonly iteration?: SymbolicTensor | undefined;
}

export interface FormCall extends FormGround {
  /** The operator's result, as it was traced. */
  readonly tensor: SymbolicTensor;
  /** Its inputs, in their own forms. */
  readonly inputs: readonly SymbolicTensor[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly axes: readonly number[] | undefined;
}

/** The same values otherwise; `undefined` where the operator is right as it is. */
export type Form = (call: FormCall) => SymbolicTensor | undefined;
