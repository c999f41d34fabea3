// What a Projector refuses, when it is made and when it is called; then nothing is written.
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { maxNorm, nonNeg } from '../../src/index.js';
import { Projector } from '../../src/node.js';

const parameters = {
  first: { shape: [2], constraint: nonNeg() },
  w: { shape: [2, 2], constraint: nonNeg() },
};
const given = (): Float32Array => Float32Array.of(-1, 1, -1, 1);

/** An array of this thread's that its memory has left. */
function detached(): Float32Array {
  const array = given();
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

/** No runtime at hand makes immutable ArrayBuffers (`transferToImmutable`), so one is told to be. */
function immutable(): Float32Array {
  const { buffer } = given();
  Object.defineProperty(buffer, 'immutable', { value: true });
  return new Float32Array(buffer);
}

const shared = new Float32Array(8);
const cases: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  [
    'no weights at all',
    {},
    /no weight for first, w; give each parameter of the Projector its weight: first, w/,
  ],
  ['one weight missing', { first: Float32Array.of(-1, 1) }, /no weight for w/],
  ['an unknown name', { w: given(), v: given() }, /no parameter v/],
  ['a name of Object.prototype', { w: given(), constructor: given() }, /no parameter constructor/],
  ['nothing under a name', { w: undefined }, /w: accepted are a typed array.*found undefined/],
  ['null', { w: null }, /w: accepted are a typed array.*found null/],
  ['another length', { w: new Float32Array(3) }, /shape \(2, 2\) holds 4 weights, found 3/],
  ['another shape', { w: { data: given(), dims: [4] } }, /made for shape \(2, 2\), found \(4,\)/],
  ["a tensor's other shape", { w: new ort.Tensor('float32', given(), [4]) }, /found \(4,\)/],
  ['a list', { w: [1, 2, 3, 4] }, /in a Float32Array, found/],
  ['another dtype', { w: new Float64Array(4) }, /in a Float32Array, found Float64Array/],
  [
    'a dtype that is named otherwise',
    { w: { data: given(), dims: [2, 2], dtype: 'float64' } },
    /found float64/,
  ],
  [
    "a tensor's other dtype",
    { w: new ort.Tensor('int32', new Int32Array(4), [2, 2]) },
    /float32, found int32/,
  ],
  ['shared memory', { w: new Float32Array(new SharedArrayBuffer(16)) }, /SharedArrayBuffer.*copy it out/],
  ['memory that is gone', { w: detached() }, /w: .*detached.*make the typed array anew/],
  ['memory that is immutable', { w: immutable() }, /w: .*cannot be written; copy it/],
  ['memory that is frozen', { w: new Float32Array(Object.freeze(given().buffer)) }, /cannot be written/],
  ['one array twice', { first: shared.subarray(0, 2), w: shared.subarray(0, 4) }, /first and w share memory/],
  ['memory that overlaps', { first: shared.subarray(3, 5), w: shared.subarray(0, 4) }, /share memory/],
  [
    'memory that overlaps in a view of its own',
    { first: new Float32Array(shared.buffer, 12, 2), w: new Float32Array(shared.buffer, 0, 4) },
    /share memory/,
  ],
];

describe.each([{ noCopy: true }, { noCopy: false }, { transactional: true }])(
  'with %j, refuses',
  (options) => {
    test.each(cases)('%s, and writes nothing', async (_, weights, message) => {
      const projector = await Projector.create(parameters, options);
      const first = Float32Array.of(-1, 1);
      const all =
        Object.hasOwn(weights, 'first') || Object.keys(weights).length === 0
          ? weights
          : { first, ...weights };
      const before = numbersIn(weights);
      const error: unknown = await projector.project(all as never).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: expect.stringMatching(/^(UsageError|ShapeError)$/) });
      expect(String(error)).toMatch(message);
      expect([...first]).toEqual([-1, 1]);
      expect(numbersIn(weights)).toEqual(before);
      await expect(projector.upload(all as never)).rejects.toThrow(message);
      await projector.dispose();
    });

    test('memory that goes while the call waits', async () => {
      const projector = await Projector.create(parameters, options);
      const first = Float32Array.of(-1, 1);
      const w = given();
      const call = projector.project({ first, w });
      structuredClone(w, { transfer: [w.buffer] });
      await expect(call).rejects.toThrow(/w: .*detached/);
      expect([...first]).toEqual([-1, 1]);
      await projector.dispose();
    });

    test('work once it is disposed of', async () => {
      const projector = await Projector.create(parameters, options);
      const weights = { first: Float32Array.of(-1, 1), w: given() };
      await projector.dispose();
      for (const method of ['project', 'upload', 'download'] as const) {
        await expect(projector[method](weights as never)).rejects.toThrow(/disposed; make a new one/);
      }
      expect([...weights.first, ...weights.w]).toEqual([-1, 1, ...given()]);
      await projector.dispose();
    });
  },
);

function numbersIn(weights: Readonly<Record<string, unknown>>): readonly number[][] {
  // What is detached has no length, and none of the methods of arrays.
  const arrays = Object.values(weights).filter(
    (weight) => ArrayBuffer.isView(weight) && weight.byteLength > 0,
  );
  return arrays.map((array) => Array.from(array as Float32Array));
}

test('weights side by side in one memory are taken', async () => {
  const projector = await Projector.create(parameters);
  const memory = Float32Array.of(-1, 1, -1, 1, -1, 1, -1);
  await projector.project({ first: memory.subarray(4, 6), w: memory.subarray(0, 4) });
  expect([...memory]).toEqual([0, 1, 0, 1, 0, 1, -1]);
  await projector.dispose();
});

test('typed arrays cannot be frozen themselves, so a frozen one is never given', () => {
  expect(() => Object.freeze(given())).toThrow(TypeError);
});

describe('when it is made, refuses', () => {
  test.each([
    ['no parameter', {}, /needs a parameter: give \{ name: \{ shape, constraint \} \}, found none/],
    ['nothing', undefined, /needs a parameter/],
    ['a shape with 0', { w: { shape: [0, 2], constraint: nonNeg() } }, /w: shape must be .* found \(0, 2\)/],
    ['a shape with an open size', { w: { shape: [null, 2], constraint: nonNeg() } }, /w: shape must be/],
    [
      'no shape',
      { w: { constraint: nonNeg() } },
      /w: shape must be a list of positive whole numbers, found undefined/,
    ],
    [
      'another dtype',
      { w: { shape: [2], dtype: 'int32', constraint: nonNeg() } },
      /w: dtype int32; accepted are/,
    ],
    [
      'a key that is misspelled',
      { w: { shape: [2], constraint: nonNeg(), dtpe: 'float16' } },
      /w: unknown key 'dtpe'; accepted are shape, dtype, constraint/,
    ],
    ['null for a parameter', { w: null }, /w: must be an object with shape, dtype, constraint; found null/],
    ['no constraint', { w: { shape: [2] } }, /^UsageError: w: /],
    ['an unknown constraint', { w: { shape: [2], constraint: 'max_nrom' } }, /^UsageError: w: .*max_nrom/],
    ['an axis that is not there', { w: { shape: [2], constraint: maxNorm({ axis: 1 }) } }, /axis 1/],
  ])('%s', async (_, made, message) => {
    const error: unknown = await Projector.create(made as never).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(message);
  });

  test.each([
    [{ nocopy: false }, /there is no option 'nocopy'; accepted are ort, providers/],
    [{ provider: 'cpu' }, /there is no option 'provider'/],
    [{ providers: 'cpu' }, /providers must be a list of names, .* found "cpu"/],
    [{ providers: [] }, /providers must be a list of names, .* found \[\]/],
  ])('the options %j', async (options, message) => {
    await expect(Projector.create(parameters, options as never)).rejects.toThrow(message);
  });

  test('providers that are not there', async () => {
    await expect(Projector.create(parameters, { providers: ['abacus'] })).rejects.toThrow(
      /abacus: .*accepted are cpu/,
    );
    const options = { providers: ['abacus', 'cpu'] };
    await expect(Projector.create(parameters, { ...options, strict: true })).rejects.toThrow(/strict/);
    const projector = await Projector.create(parameters, options);
    expect(projector.report()[0]).toMatchObject({
      provider: 'cpu',
      refusals: [{ code: 'unknown-provider' }],
    });
    await projector.dispose();
  });

  test.each(['executionProviders', 'preferredOutputLocation'])('sessionOptions.%s', async (key) => {
    const sessionOptions = { [key]: 'cpu' };
    await expect(Projector.create(parameters, { sessionOptions })).rejects.toThrow(key);
  });

  test('graph capture', async () => {
    const sessionOptions = { enableGraphCapture: true };
    await expect(Projector.create(parameters, { sessionOptions })).rejects.toThrow(
      /enableGraphCapture: a captured/,
    );
  });
});
