// The train steps of the fixtures, and running one step after another as a trainer does.
// Must not import anything from src but numbers of tensors.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { fromFloat64 } from '../../src/graph/numbers.js';
import type { Random } from './random.js';
import { readSafetensors, toNumbers } from './safetensors.js';

const folder = new URL('../fixtures/train_steps/', import.meta.url);

/** The path of a fixture file, such as `mlp_sgd/step.onnx`. */
export function stepPath(name: string): string {
  return fileURLToPath(new URL(name, folder));
}

export interface StepTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** What PyTorch computed: `init/<name>`, batches `x` and `y`, the `loss` of each step, `final/<name>`. */
export function readTrajectory(step: string): (name: string) => StepTensor {
  const tensors = readSafetensors(readFileSync(stepPath(`${step}/trajectory.safetensors`)));
  return (name) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new RangeError(`the trajectory of ${step} lacks ${name}`);
    return { data: Float32Array.from(toNumbers(tensor)), dims: tensor.dims };
  };
}

/** Element `i` of the first dimension. */
export function slice({ data, dims }: StepTensor, i: number): StepTensor {
  const size = data.length / (dims[0] as number);
  return { data: data.slice(i * size, (i + 1) * size), dims: dims.slice(1) };
}

export function toOrt({ data, dims }: StepTensor): ort.Tensor {
  return new ort.Tensor('float32', data, [...dims]);
}

/** A tensor of the numbers that ONNX Runtime gave, half types widened. */
export function fromOrt({ data, dims, type }: ort.Tensor): StepNumbers {
  const bytes = new Uint8Array(
    (data as Float32Array).buffer,
    (data as Float32Array).byteOffset,
    (data as Float32Array).byteLength,
  );
  return { data: toNumbers({ dtype: type, dims, bytes: bytes.slice() }), dims };
}

/** Numbers of any dtype. */
export interface StepNumbers {
  readonly data: readonly number[];
  readonly dims: readonly number[];
}

/** Runs a step once and gives all outputs. */
export async function runStep(
  model: string | Uint8Array,
  feeds: Readonly<Record<string, ort.Tensor>>,
): Promise<Record<string, StepNumbers>> {
  const session = await openStep(model);
  try {
    const outputs = await session.run(feeds);
    return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, fromOrt(value)]));
  } finally {
    await session.release();
  }
}

/** Random feeds for every input of a step: floats from -2 to 2, true, and 1. */
export function randomFeeds(
  inputs: readonly { readonly name: string; readonly dtype: string | undefined; readonly shape: unknown }[],
  random: Random,
): Record<string, ort.Tensor> {
  return Object.fromEntries(
    inputs.map(({ name, dtype, shape }) => {
      const dims = (shape as number[]).map((dim) => (typeof dim === 'number' ? dim : 2));
      const values = random.numbers(
        dims.reduce((a, b) => a * b, 1),
        -2,
        2,
      );
      return [name, makeTensor(dtype, values, dims)];
    }),
  );
}

/** A tensor of this dtype; of int64 all 1, of booleans all true. */
export function makeTensor(dtype: string | undefined, values: readonly number[], dims: number[]): ort.Tensor {
  switch (dtype) {
    case 'float32':
      return new ort.Tensor('float32', Float32Array.from(values), dims);
    case 'int32':
      return new ort.Tensor('int32', Int32Array.from(values), dims);
    case 'float64':
      return new ort.Tensor('float64', Float64Array.from(values), dims);
    case 'float16':
      return new ort.Tensor('float16', fromFloat64(values, 'float16', dims).data as Uint16Array, dims);
    case 'int64':
      return new ort.Tensor(
        'int64',
        BigInt64Array.from(values, () => 1n),
        dims,
      );
    case 'bool':
      return new ort.Tensor(
        'bool',
        Uint8Array.from(values, () => 1),
        dims,
      );
    default:
      throw new RangeError(`no random ${dtype}`);
  }
}

/** A session of a model in memory or in a file, on one thread. */
export function openStep(model: string | Uint8Array): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model as string, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
}
