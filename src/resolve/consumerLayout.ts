// The layout in which an ONNX operator wants its weight, to decide between orders that the values leave open.
// Must not import runtime, files or cli.
import type { KerasVariable } from '../keras/kerasModel.js';
import type { Consumer, ModelTensor } from '../onnx/model.js';

/** The orders of the variable's dimensions that the operators reading the tensor call for. */
export function expectedOrders(
  variable: KerasVariable,
  tensor: Pick<ModelTensor, 'consumers'>,
): readonly (readonly number[])[] {
  const rank = variable.shape?.length ?? 0;
  return tensor.consumers.flatMap((consumer) => {
    const order = expectedOrder(variable, rank, consumer);
    return order === undefined ? [] : [order];
  });
}

function expectedOrder(
  variable: KerasVariable,
  rank: number,
  consumer: Consumer,
): readonly number[] | undefined {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const { opType, inputIndex } = consumer;
  if (opType === 'Gather') return inputIndex === 0 ? axes : undefined;
  if (opType === 'Conv' || opType === 'ConvTranspose') {
    if (inputIndex !== 1 || rank < 3) return undefined;
    const spatial = axes.slice(0, -2);
    // Depthwise kernels are (…, channels, multiplier); the others (…, in, out) or, transposed, (…, out, in).
    return variable.name === 'depthwise_kernel' || /^Depthwise/.test(variable.layerClass)
      ? [rank - 2, rank - 1, ...spatial]
      : [rank - 1, rank - 2, ...spatial];
  }
  if (rank !== 2) return undefined;
  if (opType === 'MatMul') return inputIndex === 1 ? axes : axes.toReversed();
  if (opType === 'Gemm' && inputIndex < 2) {
    const transposed = Boolean(consumer.attributes[inputIndex === 1 ? 'transB' : 'transA']);
    return transposed === (inputIndex === 1) ? axes.toReversed() : axes;
  }
  return undefined;
}
