import { describe, expect, test } from 'vitest';
import { ConstraintError, FormatError } from '../../src/graph/errors.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { dataFiles, readFixture } from './fixtures.js';
import { delimited, join, modelWith, varint } from './wire.js';

/** Does all that can be done with a file; a ConstraintError is an answer, anything else a crash. */
function useWhole(bytes: Uint8Array): 'used' | 'refused' {
  try {
    const model = OnnxModel.decode(bytes, { file: 'm.onnx', externalData: dataFiles() });
    model.names();
    for (const tensor of model.tensors()) useTensor(() => tensor.write(tensor.read()));
    useTensor(() => model.encode());
    useTensor(() => [...model.encodeWithData({ location: 'new.bin', threshold: 16, move: 'all' }).data]);
    return 'used';
  } catch (error) {
    if (error instanceof ConstraintError) return 'refused';
    throw error;
  }
}

function useTensor(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ConstraintError)) throw error;
  }
}

/** xorshift32: the same numbers each run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const models = [
  'opset26.onnx',
  'odd.onnx',
  'external.onnx',
  'dtypesTyped.onnx',
  'dtypesRaw.onnx',
  'scopes.onnx',
];

describe.each(models)('%s', (name) => {
  const bytes = readFixture(name);

  test('cut at every byte', () => {
    for (let length = 0; length < bytes.length; length += 1) useWhole(bytes.subarray(0, length));
    expect(useWhole(bytes)).toBe('used');
    expect(() => OnnxModel.decode(bytes.subarray(0, bytes.length >> 1))).toThrow(FormatError);
  });

  test('with bytes changed at random', () => {
    const random = randomNumbers(bytes.length);
    const outcomes = { used: 0, refused: 0 };
    for (let round = 0; round < 1000; round += 1) {
      const changed = bytes.slice();
      for (let change = 0; change <= round % 4; change += 1) changed[random() % changed.length] = random();
      outcomes[useWhole(changed)] += 1;
    }
    expect(outcomes.used).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
  });
});

describe('nesting', () => {
  const nested = (depth: number): Uint8Array => {
    let graph: Uint8Array = delimited(2, 'innermost');
    for (let i = 0; i < depth; i += 1) {
      graph = delimited(
        1,
        delimited(1, 'x'),
        delimited(5, delimited(1, 'body'), delimited(6, graph), varint(20, 5)),
      );
    }
    return modelWith(graph);
  };

  test('30 subgraphs deep is accepted', () => {
    expect(useWhole(nested(30))).toBe('used');
  });

  test.each([40, 2000])('%i deep is refused', (depth) => {
    expect(() => OnnxModel.decode(nested(depth))).toThrow(/messages nested more than 100 deep/);
  });

  test('unknown groups are bounded too', () => {
    const groups = join(modelWith(), new Uint8Array(100_000).fill(0x0b + 16));
    expect(() => OnnxModel.decode(groups)).toThrow(FormatError);
  });
});

test('random bytes', () => {
  const random = randomNumbers(7);
  for (let round = 0; round < 2000; round += 1) {
    const bytes = Uint8Array.from({ length: random() % 200 }, random);
    expect(useWhole(bytes)).toBe('refused');
  }
});
