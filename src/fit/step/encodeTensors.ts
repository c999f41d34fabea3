// Symbolic tensors as an ONNX model with named inputs, outputs and values.
// Must not import other folders of fit but forms.
import { GraphBuilder } from '../../graph/graphBuilder.js';
import { DEFAULT_OPSET } from '../../graph/opset.js';
import type { TensorValue } from '../../graph/tensorValue.js';
import { encodeGraph } from '../../onnx/encodeGraph.js';
import { lowerAll } from '../../ops/lower.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { FormGround } from '../forms/form.js';
import { formsFor } from '../forms/formTable.js';

export interface EncodeOptions extends FormGround {
  readonly name: string;
  /** Symbolic inputs under their own names. */
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly { readonly name: string; readonly tensor: SymbolicTensor }[];
  /** Symbolic inputs that hold a value once and for all. */
  readonly values?: readonly { readonly tensor: SymbolicTensor; readonly value: TensorValue }[];
  /** Default 18. */
  readonly opset?: number | undefined;
  /** The execution provider whose forms of operators are taken; `none` takes none. Default `cpu`. */
  readonly provider?: string | undefined;
}

/** The bytes of the model. The same tensors give the same bytes. */
export function encodeTensors({
  name,
  inputs,
  outputs: traced,
  values = [],
  opset,
  provider = 'cpu',
  iteration,
}: EncodeOptions): Uint8Array {
  const tensors = formsFor(
    traced.map(({ tensor }) => tensor),
    { provider, iteration, opset: opset ?? DEFAULT_OPSET },
  );
  const outputs = traced.map(({ name: output }, i) => ({
    name: output,
    tensor: tensors[i] as SymbolicTensor,
  }));
  const builder = new GraphBuilder({ opset: opset ?? DEFAULT_OPSET });
  const names = new Map<SymbolicTensor, string>();
  for (const tensor of inputs) {
    const { dtype, shape } = tensor;
    names.set(tensor, builder.input({ name: inputName(tensor), dtype, shape }));
  }
  for (const { tensor } of values) {
    builder.names.reserve(inputName(tensor));
    names.set(tensor, inputName(tensor));
  }
  for (const { name: output, tensor } of outputs) {
    builder.output({ name: output, dtype: tensor.dtype, shape: tensor.shape });
  }
  lowerAll(outputs, names, builder);
  const graph = builder.build(name);
  const held = values.map(({ tensor, value }) => ({ name: inputName(tensor), value }));
  return encodeGraph({ ...graph, initializers: [...held, ...graph.initializers] });
}

function inputName({ source }: SymbolicTensor): string {
  return source.kind === 'input' ? source.name : '';
}
