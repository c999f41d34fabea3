// Opens an onnxruntime-web session on one provider, so that nothing falls back to another unseen.
// Must not import Node.
import * as ort from 'onnxruntime-web';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** A session of the model's bytes on `provider`. */
export async function openSession(
  model: Uint8Array,
  provider: 'wasm' | 'webgpu',
  options: ort.InferenceSession.SessionOptions = {},
): Promise<ort.InferenceSession> {
  if (provider === 'webgpu' && (await navigator.gpu?.requestAdapter()) == null) {
    throw new Error('this browser gives no WebGPU adapter');
  }
  return ort.InferenceSession.create(model, {
    executionProviders: [provider],
    logSeverityLevel: 3,
    ...options,
  });
}
