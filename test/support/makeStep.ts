// Train steps made in memory, for tests over opsets, dtypes and names.
// Must not import anything above onnx.
import type { DType } from '../../src/graph/dtype.js';
import { GraphBuilder } from '../../src/graph/graphBuilder.js';
import type { Dim } from '../../src/graph/shape.js';
import { encodeGraph } from '../../src/onnx/encodeGraph.js';
import { OnnxModel } from '../../src/onnx/model.js';

export interface SgdStepOptions {
  readonly opset?: number;
  readonly dtype?: DType;
  readonly shape?: readonly Dim[];
  /** The parameters; each is updated by its own gradient. */
  readonly names?: readonly string[];
}

/** The bytes of `<name>_new = <name> - lr · <name>_gradient` for each name, with the gradients as inputs. */
export function sgdStepBytes({
  opset = 18,
  dtype = 'float32',
  shape = [4, 3],
  names = ['w'],
}: SgdStepOptions = {}): Uint8Array {
  const builder = new GraphBuilder({ opset });
  builder.input({ name: 'lr', dtype, shape: [] });
  for (const name of names) {
    builder.input({ name, dtype, shape });
    builder.input({ name: `${name}_gradient`, dtype, shape });
    builder.output({ name: `${name}_new`, dtype, shape });
    const change = builder.node('Mul', [`${name}_gradient`, 'lr']);
    builder.node('Sub', [name, change], {}, `${name}_new`);
  }
  return encodeGraph(builder.build('step'));
}

export function sgdStep(options: SgdStepOptions = {}): OnnxModel {
  return OnnxModel.decode(sgdStepBytes(options));
}

/** The pair of a parameter as `sgdStep` names it. */
export function sgdPair(name: string): { readonly input: string; readonly output: string } {
  return { input: name, output: `${name}_new` };
}
