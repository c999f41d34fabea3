// Checkpoints of ONNX Runtime's on-device training, written with FlatBuffers' own builder from its schema: for orders and
// faults that its own writer does not make.
import { Builder } from 'flatbuffers';

export interface CheckpointTensor {
  readonly name?: string | undefined;
  readonly dims: readonly (number | bigint)[];
  readonly dataType?: number;
  readonly bytes: Uint8Array;
}

export interface CheckpointContent {
  readonly trainable: readonly CheckpointTensor[];
  readonly frozen?: readonly CheckpointTensor[];
  readonly version?: number;
  readonly nominal?: boolean;
  readonly external?: boolean;
  readonly identifier?: string;
  /** How often each tensor is listed, stored once all the same. */
  readonly listed?: number;
}

export function buildCheckpoint({
  trainable,
  frozen = [],
  version = 2,
  nominal = false,
  external = false,
  identifier = 'ODTC',
  listed = 1,
}: CheckpointContent): Uint8Array {
  const builder = new Builder();
  const lists = [trainable, frozen].map((tensors) =>
    vectorOf(
      builder,
      tensors.flatMap((tensor) => new Array<number>(listed).fill(addTensor(builder, tensor))),
    ),
  );
  builder.startObject(4);
  builder.addFieldOffset(0, lists[0] as number, 0);
  builder.addFieldOffset(1, lists[1] as number, 0);
  builder.addFieldInt8(2, Number(nominal), 0);
  builder.addFieldInt8(3, Number(external), 0);
  const state = builder.endObject();
  builder.startObject(4);
  builder.addFieldInt32(0, version, 0);
  builder.addFieldOffset(1, state, 0);
  builder.finish(builder.endObject(), identifier);
  return builder.asUint8Array().slice();
}

function addTensor(builder: Builder, { name, dims, dataType = 1, bytes }: CheckpointTensor): number {
  const nameAt = name === undefined ? 0 : builder.createString(name);
  builder.startVector(8, dims.length, 8);
  for (const dim of dims.toReversed()) builder.addInt64(BigInt(dim));
  const dimsAt = builder.endVector();
  const bytesAt = builder.createByteVector(bytes);
  builder.startObject(7);
  builder.addFieldOffset(0, nameAt, 0);
  builder.addFieldOffset(2, dimsAt, 0);
  builder.addFieldInt32(3, dataType, 0);
  builder.addFieldOffset(4, bytesAt, 0);
  return builder.endObject();
}

function vectorOf(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}
