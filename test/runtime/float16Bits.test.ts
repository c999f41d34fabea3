// float16 where JavaScript has a Float16Array, in which onnxruntime-node finds nothing: the bits travel as integers.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readGoldenCases } from '../support/readGoldenCases.js';

beforeAll(() => {
  vi.stubGlobal('Float16Array', class {});
  vi.resetModules();
});
afterAll(() => {
  vi.unstubAllGlobals();
});

test('all float16 cases', async () => {
  const { fedDType } = await import('../../src/lowering/storage.js');
  expect([fedDType('float16'), fedDType('float32')]).toEqual(['uint16', 'float32']);
  const { Projector } = await import('../../src/node.js');
  const { projectGolden } = await import('../support/projectGolden.js');
  const cases = readGoldenCases().filter(({ dtype }) => dtype === 'float16');
  expect(cases.length).toBeGreaterThan(50);
  expect(await projectGolden(cases, Projector, {})).toEqual([]);
});
