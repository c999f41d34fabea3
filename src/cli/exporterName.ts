// Which exporter made a model, told by the producer that its file names.
// Must not import anything.

const exporters: readonly (readonly [producer: RegExp, name: string])[] = [
  [/^tf2onnx\b/i, 'Keras on TensorFlow'],
  [/^keras2onnx\b/i, 'Keras 2 by keras2onnx'],
  [/^jax2onnx\b/i, 'Keras on JAX, or JAX'],
  [/^pytorch\b/i, 'PyTorch, or Keras on torch'],
  [/^CNTK\b/, 'Microsoft CNTK'],
  [/^skl2onnx\b/i, 'scikit-learn'],
  [/^onnxmltools\b/i, 'ONNXMLTools'],
  [/^paddle/i, 'PaddlePaddle'],
  [/^onnx-mxnet|^mxnet/i, 'Apache MXNet'],
  [/^Chainer\b/i, 'Chainer'],
  [/^MATLAB\b/i, 'MATLAB'],
  [/^onnx-constraints\b/, 'onnx-constraints export'],
];

/** The exporter in words, with the producer as the file has it: `Keras on TensorFlow (tf2onnx 1.16.1)`. */
export function exporterName(producer: string): string {
  // tf2onnx adds the commit it was built from.
  const short = producer.replace(/^(tf2onnx \S+) [0-9a-f]{6,}$/, '$1');
  const name = exporters.find(([pattern]) => pattern.test(producer))?.[1];
  if (name === undefined) return short || 'unknown';
  return `${name} (${short})`;
}
