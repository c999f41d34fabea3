// The types of the training build under the name that the tests install it by; its own speak of another.
declare module 'onnxruntime-training-web/training' {
  import type { OrtModule, OrtTensor, OrtTrainingSession } from '../../src/web.js';

  interface Session extends OrtTrainingSession {
    runTrainStep(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
    lazyResetGrad(): Promise<void>;
  }
  export const InferenceSession: OrtModule['InferenceSession'];
  export const Tensor: OrtModule['Tensor'] &
    (new (
      type: 'float32',
      data: Float32Array,
      dims: readonly number[],
    ) => OrtTensor);
  export const env: NonNullable<OrtModule['env']> & { readonly wasm: { numThreads: number } };
  export const TrainingSession: { create(options: Record<string, Uint8Array>): Promise<Session> };
}
