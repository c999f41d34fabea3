// What a graph says of its inputs and outputs.
// Must not fail on types it does not know: it only describes.
import { dtypeFromOnnx } from '../graph/dtype.js';
import type { onnx } from './gen/onnx.js';
import type { ValueInfo } from './modelTypes.js';

export function describeValue(proto: onnx.ValueInfoProto): ValueInfo {
  const tensor = proto.type?.tensorType ?? undefined;
  return {
    name: proto.name ?? '',
    dtype: dtypeFromOnnx(tensor?.elemType ?? 0),
    shape: tensor?.shape?.dim.map(describeExtent),
  };
}

function describeExtent({
  dimValue,
  dimParam,
}: onnx.TensorShapeProto.Dimension): number | string | undefined {
  // Some exporters write -1 for an extent they do not know.
  if (typeof dimValue === 'number' && dimValue >= 0) return dimValue;
  return dimParam ? dimParam : undefined;
}
