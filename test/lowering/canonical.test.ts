// Every form of a constraint against its own graph as it is exported: custom constraints, all dtypes, several projections
// of one weight, groups, and numbers that are none. Units are of a size that a float32 norm is exact for.
import { describe, expect, test } from 'vitest';
import { type Constraint, maxNorm } from '../../src/index.js';
import { Projector } from '../../src/node.js';
import { canonicalAnswer, difference, type HeldWeight, holdWeight } from '../support/canonicalAnswer.js';
import { elementwise, opaque, scaled } from '../support/constraintForms.js';
import { Random } from '../support/random.js';

const dtypes = ['float32', 'float64', 'float16', 'bfloat16'] as const;
const all = { ...scaled, ...elementwise, ...opaque };
const routes = [{ noCopy: true }, { noCopy: false }];

function sizeOf(dims: readonly number[]): number {
  return dims.reduce((a, b) => a * b, 1);
}

interface Subject {
  readonly constraint: Constraint;
  readonly weight: HeldWeight;
}

type Subjects = Readonly<Record<string, Subject>>;

function create(subjects: Subjects, options: { noCopy: boolean }): Promise<Projector> {
  const specs = Object.entries(subjects).map(([name, { constraint, weight }]) => {
    return [name, { shape: weight.dims, dtype: weight.dtype, constraint }] as const;
  });
  return Projector.create(Object.fromEntries(specs), options);
}

/** What is off after one projection of all, a line for each. */
async function project(projector: Projector, subjects: Subjects): Promise<string[]> {
  const wanted: HeldWeight[] = [];
  for (const { constraint, weight } of Object.values(subjects)) {
    wanted.push(await canonicalAnswer(constraint, weight));
  }
  await projector.project(
    Object.fromEntries(Object.entries(subjects).map(([name, { weight }]) => [name, weight.data])),
  );
  return Object.entries(subjects).flatMap(([name, { weight }], i) => {
    const found = difference(weight, wanted[i] as HeldWeight);
    return found === undefined ? [] : [`${name} ${weight.dtype} (${weight.dims}): ${found}`];
  });
}

describe.each(routes)('with %j', (options) => {
  test.each(Object.entries(scaled))('%s is of the scaled form, over any axes', async (_, make) => {
    for (const [dims, axis, lowering] of [
      [[30, 41], [0], 'columns'],
      [[30, 41], [1], 'rows'],
      [[5, 7, 9, 11], [0, 2], 'columns'],
      [[5, 7, 9, 11], [1, 3], 'rows'],
    ] as const) {
      const numbers = new Random(1).numbers(sizeOf(dims), -1, 1);
      const subjects = {
        w: { constraint: make([...axis]), weight: holdWeight(numbers, 'float32', dims) },
      };
      const projector = await create(subjects, options);
      expect(projector.report()[0]).toMatchObject({ lowering });
      for (let i = 0; i < 3; i++) expect(await project(projector, subjects)).toEqual([]);
      await projector.dispose();
    }
  });

  test.each([
    ...Object.entries(elementwise).map(([name, make]) => [name, 'elementwise', make] as const),
    ...Object.entries(opaque).map(([name, make]) => [name, 'canonical', make] as const),
  ])('%s is of the form %s', async (_, lowering, make) => {
    const weight = holdWeight(new Random(2).numbers(6 * 8 * 10, -1, 1), 'float32', [6, 8, 10]);
    const subjects = { w: { constraint: make([0, 2]), weight } };
    const projector = await create(subjects, options);
    expect(projector.report()[0]).toMatchObject({ lowering });
    for (let i = 0; i < 3; i++) expect(await project(projector, subjects)).toEqual([]);
    await projector.dispose();
  });

  test.each([11, 12, 13, 14])(
    'parameters of any shape, dtype and form in one Projector, seed %i',
    async (seed) => {
      const random = new Random(seed);
      const subjects = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`p${i}`, draw(random)]));
      const projector = await create(subjects, options);
      const schedules = new Set(projector.report().map(({ schedule }) => schedule));
      expect(schedules).toEqual(new Set(['grouped', 'one run']));
      for (let i = 0; i < 3; i++) expect(await project(projector, subjects)).toEqual([]);
      await projector.dispose();
    },
  );

  const large: readonly (readonly [(typeof dtypes)[number], number[], number[]])[] = [
    ['float32', [2600, 1700], [0]],
    ['float32', [2600, 1700], [1]],
    ['float64', [1400, 1600], [0]],
    ['float64', [1400, 1600], [1]],
    ['float16', [4200, 2100], [0]],
    ['float16', [4200, 2100], [1]],
    ['bfloat16', [4200, 2100], [1]],
  ];

  test.each(large)('tiles of %s %j over %j, of which some rest', async (dtype, dims, axis) => {
    // Norms above 2 fall to 2, where epsilon is lost to float32 and the factor is exactly 1.
    const numbers = new Float64Array(sizeOf(dims));
    for (let i = 0; i < numbers.length; i++) numbers[i] = Math.sin(i * 1.37) * 0.5;
    const weight = holdWeight(numbers, dtype, dims);
    const subjects = { w: { constraint: maxNorm({ maxValue: 2, axis }), weight } };
    const projector = await create(subjects, options);
    expect(projector.report()[0]).toMatchObject({ schedule: 'tiles' });
    for (let i = 0; i < 2; i++) expect(await project(projector, subjects)).toEqual([]);
    // A few units of tiles that rested grow again, at the ends and in the middle.
    const { data } = weight;
    for (const at of [0, Math.floor(data.length / 2) + 3, data.length - 1]) {
      data[at] = dtype === 'float16' || dtype === 'bfloat16' ? 0x4080 : 3;
    }
    for (let i = 0; i < 3; i++) expect(await project(projector, subjects)).toEqual([]);
    await projector.dispose();
  });

  test('NaN, infinities, zeros and numbers below the normal ones spoil no unit but their own', async () => {
    const specials = [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      0,
      -0,
      1e-42,
      -3e-40,
      1e-30,
    ];
    const subjects: Record<string, Subject> = {};
    for (const [name, make] of Object.entries(all)) {
      // The mean of opposite infinities depends on the order in which they are added.
      if (name === 'centred') continue;
      for (const dtype of ['float32', 'float64'] as const) {
        for (const axis of [[0], [1]]) {
          const numbers = new Random(7).numbers(40 * 50, -1, 1);
          // Each on a row and a column of its own.
          for (const [i, special] of specials.entries()) numbers[(3 + 4 * i) * 50 + 2 + 5 * i] = special;
          const weight = holdWeight(numbers, dtype, [40, 50]);
          subjects[`${name} ${dtype} ${axis}`] = { constraint: make(axis), weight };
        }
      }
    }
    const projector = await create(subjects, options);
    expect(await project(projector, subjects)).toEqual([]);
    const { data } = (subjects['maxNorm float32 0'] as Subject).weight;
    // NaN makes its unit NaN, infinity itself alone.
    expect(data.filter((number) => Number.isNaN(number))).toHaveLength(40 + 2);
    await projector.dispose();
  });

  test('whole units of zeros and of numbers below the normal ones', async () => {
    const subjects: Record<string, Subject> = {};
    for (const [name, make] of Object.entries(all)) {
      for (const value of [0, -0, 1e-42, 1e-25]) {
        const weight = holdWeight(new Float64Array(20 * 30).fill(value), 'float32', [20, 30]);
        subjects[`${name} ${value} ${Object.is(value, -0)}`] = { constraint: make([0]), weight };
      }
    }
    const projector = await create(subjects, options);
    expect(await project(projector, subjects)).toEqual([]);
    await projector.dispose();
  });

  test('NaN and infinity in tiles', async () => {
    for (const axis of [[0], [1]]) {
      const numbers = new Float64Array(2600 * 1700);
      for (let i = 0; i < numbers.length; i++) numbers[i] = Math.sin(i * 1.37);
      numbers[1700 * 1300 + 800] = Number.NaN;
      numbers[1700 * 2500 + 900] = Number.POSITIVE_INFINITY;
      const weight = holdWeight(numbers, 'float32', [2600, 1700]);
      const subjects = { w: { constraint: maxNorm({ maxValue: 2, axis }), weight } };
      const projector = await create(subjects, options);
      for (let i = 0; i < 3; i++) expect(await project(projector, subjects)).toEqual([]);
      await projector.dispose();
    }
  });
});

/** A parameter with sizes of 1 among its dims, and neighbours of one kind among its axes. */
function draw(random: Random): Subject {
  const rank = random.integer(1, 5);
  const dims = Array.from({ length: rank }, () => random.pick([1, 2, 3, 5, 8, 13]));
  const axes = dims.map((_, i) => i).filter(() => random.next() < 0.5);
  const [, make] = random.pick(Object.entries(all));
  const axis = axes.length > 0 ? axes : [random.integer(0, rank - 1)];
  const scale = random.pick([1e-3, 1, 100]);
  const numbers = random.numbers(sizeOf(dims), -scale, scale);
  return { constraint: make(axis), weight: holdWeight(numbers, random.pick(dtypes), dims) };
}
