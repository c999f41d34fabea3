// The fixture models: what Keras answers before and after its constraints, and each exporter's file.
// Must not import anything from src.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { readSafetensors, toNumbers } from './safetensors.js';

export const exporters = ['tensorflow', 'torch', 'jax'] as const;

const folder = new URL('../fixtures/models/', import.meta.url);

/** The path of a fixture file, such as `digits_cnn/model.keras`. */
export function fixturePath(name: string): string {
  return fileURLToPath(new URL(name, folder));
}

/** The exporters' files that a model has: an exporter that fails on it left none. */
export function exportedFiles(model: string): string[] {
  return exporters
    .map((exporter) => fixturePath(`${model}/${exporter}.onnx`))
    .filter((file) => existsSync(file));
}

/** The input and Keras's answers, before and after its constraints were applied. */
export function readAnswers(model: string): {
  x: { data: Float32Array; dims: readonly number[] };
  before: number[];
  after: number[];
} {
  const tensors = readSafetensors(readFileSync(fixturePath(`${model}/io.safetensors`)));
  const [x, before, after] = ['x', 'y_before', 'y_after'].map((name) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new RangeError(`${model}/io.safetensors lacks ${name}`);
    return tensor;
  }) as [NonNullable<ReturnType<typeof tensors.get>>, never, never];
  return {
    x: { data: Float32Array.from(toNumbers(x)), dims: x.dims },
    before: toNumbers(before),
    after: toNumbers(after),
  };
}

/** What a model of one input and one output answers. */
export async function answerOf(
  model: string | Uint8Array,
  x: { data: Float32Array; dims: readonly number[] },
): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(model as string, {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const input = session.inputNames[0] as string;
  const outputs = await session.run({ [input]: new ort.Tensor('float32', x.data, x.dims) });
  await session.release();
  return outputs[session.outputNames[0] as string]?.data as Float32Array;
}

/** The largest difference, relative to the largest wanted value. */
export function relativeDistance(found: ArrayLike<number>, wanted: readonly number[]): number {
  const largest = Math.max(...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, i) => Math.abs((found[i] as number) - value))) / largest;
}
