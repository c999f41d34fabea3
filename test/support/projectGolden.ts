// Golden cases projected in place by a Projector.
// Must not import Node: browsers run it too.
import { deserialize, fromFloat64, toFloat64 } from '../../src/index.js';
import type { Projector, ProjectorOptions } from '../../src/web.js';
import type { GoldenCase } from './golden.js';
import { goldenFault } from './goldenFault.js';
import { toNumbers } from './safetensors.js';

type Create = { create(...args: Parameters<typeof Projector.create>): Promise<Projector> };

/** What is off, a line for each case. */
export async function projectGolden(
  cases: readonly GoldenCase[],
  { create }: Create,
  options: ProjectorOptions,
): Promise<string[]> {
  const lines: string[] = [];
  for (const { golden, found } of await projectAll(cases, create, options)) {
    const fault = goldenFault(golden, found);
    if (fault !== undefined)
      lines.push(`${golden.id} ${golden.constraint.class_name} ${golden.note}: ${fault}`);
  }
  return lines;
}

/** All cases as the parameters of one Projector, so that they are grouped as those of a model are. */
async function projectAll(
  cases: readonly GoldenCase[],
  create: Create['create'],
  options: ProjectorOptions,
): Promise<{ golden: GoldenCase; found: Float64Array }[]> {
  const values = cases.map(({ w, dtype, shape }) => fromFloat64(toNumbers(w), dtype, shape));
  const parameters = Object.fromEntries(
    cases.map(({ id, dtype, shape, constraint }) => {
      const made = deserialize(constraint);
      if (made === null) throw new Error('no constraint');
      return [id, { shape, dtype: dtype as 'float32', constraint: made }];
    }),
  );
  const projector = await create(parameters, options);
  await projector.project(
    Object.fromEntries(cases.map(({ id }, i) => [id, values[i]?.data as Float32Array])),
  );
  await projector.dispose();
  return cases.map((golden, i) => ({ golden, found: toFloat64(values[i] as (typeof values)[number]) }));
}
