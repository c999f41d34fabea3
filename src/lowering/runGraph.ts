// One graph that projects several weights in one run, or does one step of projecting a weight in tiles.
// Must not import anything above constraints.
import type { DType } from '../graph/dtype.js';
import type { Graph } from '../graph/graph.js';
import { GraphBuilder } from '../graph/graphBuilder.js';
import type { Shape } from '../graph/shape.js';
import { lowerAll } from '../ops/lower.js';
import { type SymbolicTensor, symbolicInput } from '../ops/symbolicTensor.js';

/** The sequence output that comes before all others where they are written without a copy. */
export const SEQUENCE_OUTPUT = 'no_copy';

export interface RunGraphOptions {
  readonly opset: number;
  /** Put a sequence before the other outputs. */
  readonly sequence?: boolean;
}

/** What a run takes and gives, by name. */
export class RunGraph {
  readonly #inputs = new Map<SymbolicTensor, string>();
  readonly #outputs: { name: string; tensor: SymbolicTensor }[] = [];
  #opset: number;

  constructor(readonly options: RunGraphOptions) {
    this.#opset = options.opset;
  }

  input(name: string, dtype: DType, dims: Shape): SymbolicTensor {
    const tensor = symbolicInput(name, dtype, dims);
    this.#inputs.set(tensor, name);
    return tensor;
  }

  output(name: string, tensor: SymbolicTensor): void {
    this.#outputs.push({ name, tensor });
  }

  /** Raises the opset to what a part needs. */
  needsOpset(opset: number): void {
    this.#opset = Math.max(this.#opset, opset);
  }

  build(name: string): Graph {
    const builder = new GraphBuilder({ opset: this.#opset });
    for (const [{ dtype, shape }, input] of this.#inputs) builder.input({ name: input, dtype, shape });
    if (this.options.sequence === true) {
      builder.output({ name: SEQUENCE_OUTPUT, dtype: 'float32', shape: [], isSequence: true });
    }
    for (const { name: output, tensor } of this.#outputs) {
      builder.output({ name: output, dtype: tensor.dtype, shape: tensor.shape });
    }
    if (this.options.sequence === true) {
      const element = builder.constant({ dtype: 'float32', dims: [], data: Float32Array.of(0) });
      builder.node('SequenceConstruct', [element], {}, SEQUENCE_OUTPUT);
    }
    lowerAll(this.#outputs, this.#inputs, builder);
    return builder.build(name);
  }
}
