// The train steps of the fixtures, and running one step after another as a trainer does.
// Must not import anything from src but what reads models.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
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

/** A session of a model in memory or in a file, on one thread. */
export function openStep(model: string | Uint8Array): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model as string, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
}
