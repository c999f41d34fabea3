// Runs the cases on onnxruntime-node, on the provider of the first argument alone.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { answerLines } from '../answerLines.mjs';

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
};
const [provider, ...files] = process.argv.slice(2);
const options = {
  executionProviders: [provider],
  logSeverityLevel: 4,
  // A node handed to the CPU would be the CPU's answer.
  extra: provider === 'cpu' ? {} : { session: { disable_cpu_ep_fallback: '1' } },
};

await answerLines(files, async ({ model, inputs, outputs }) => {
  const session = await InferenceSession.create(model, options);
  const feeds = inputs.map(({ name, dtype, dims, data }) => {
    const bytes = new Uint8Array(Buffer.from(data, 'base64'));
    return [name, new Tensor(dtype, new arrays[dtype](bytes.buffer), dims)];
  });
  const found = await session.run(Object.fromEntries(feeds));
  await session.release();
  return outputs.map((name) => {
    const { type, dims, data } = found[name];
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return { dtype: type, dims, data: bytes.toString('base64') };
  });
});
