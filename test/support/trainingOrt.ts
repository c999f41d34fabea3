// The training build of ONNX Runtime for the web, 1.19.2, run in Node, and the training artifacts of the fixtures.
import { readFileSync } from 'node:fs';
import type { OrtModule, OrtTensor, OrtTrainingSession } from '../../src/node.js';

export interface FullSession extends OrtTrainingSession {
  readonly trainingInputNames: readonly string[];
  runTrainStep(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  lazyResetGrad(): Promise<void>;
  release(): Promise<void>;
}

export interface TrainingOrt extends OrtModule {
  readonly Tensor: OrtModule['Tensor'] &
    (new (
      type: 'float32',
      data: Float32Array,
      dims: readonly number[],
    ) => OrtTensor);
  readonly env: NonNullable<OrtModule['env']> & { readonly wasm: { numThreads: number } };
  readonly TrainingSession: { create(options: Record<string, Uint8Array>): Promise<FullSession> };
}

/** The package keeps Node out of its export `./training`, so the file is named; it runs in Node all the same. */
export async function loadTrainingOrt(): Promise<TrainingOrt> {
  const file = new URL(
    '../../node_modules/onnxruntime-training-web/dist/ort.training.wasm.min.mjs',
    import.meta.url,
  );
  const ort = (await import(/* @vite-ignore */ file.href)) as TrainingOrt;
  ort.env.wasm.numThreads = 1;
  return ort;
}

export function readArtifact(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../fixtures/ort_training/${name}`, import.meta.url)));
}

/** A session on the artifacts of the fixtures, with their checkpoint or another. */
export function openTraining(
  ort: TrainingOrt,
  checkpointState: Uint8Array = readArtifact('whole.ckpt'),
): Promise<FullSession> {
  return ort.TrainingSession.create({
    checkpointState,
    trainModel: readArtifact('training_model.onnx'),
    evalModel: readArtifact('eval_model.onnx'),
    optimizerModel: readArtifact('optimizer_model.onnx'),
  });
}
