// Splicing into steps with each trait that matters: what is changed, what stays, and what the spliced step gives.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Constraint, type ConstraintIdentifier, maxNorm, nonNeg, ops, unitNorm } from '../../src/index.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { type SpliceOptions, splice } from '../../src/training/splice.js';
import { parseStepDescription } from '../../src/training/stepDescription.js';
import { sgdPair, sgdStep, sgdStepBytes } from '../support/makeStep.js';
import { Random } from '../support/random.js';
import * as reference from '../support/reference.js';
import { spliceDiff } from '../support/spliceDiff.js';
import { randomFeeds, runStep, type StepNumbers, stepPath } from '../support/trainSteps.js';

function readStep(name: string): Uint8Array {
  return readFileSync(stepPath(`small/${name}.onnx`));
}

const pair = { input: 'w', output: 'w_new' };
const constraint = maxNorm({ maxValue: 0.5, axis: 1 });

function spliced(
  bytes: Uint8Array,
  parameter: { input: string; output: string; constraint: ConstraintIdentifier } = { ...pair, constraint },
  options: SpliceOptions = {},
): Uint8Array {
  const model = OnnxModel.decode(bytes);
  splice(model, { parameters: { w: parameter } }, options);
  return model.encode();
}

/** The outputs of a step before and after it was spliced, on the same inputs. */
async function runBoth(before: Uint8Array, after: Uint8Array, seed = 1) {
  const { inputs } = OnnxModel.decode(before);
  const feeds = randomFeeds(inputs, new Random(seed));
  return { plain: await runStep(before, feeds), constrained: await runStep(after, feeds) };
}

function expectClose(found: StepNumbers | undefined, wanted: readonly number[], tolerance = 1e-6): void {
  const largest = Math.max(...wanted.map(Math.abs));
  expect(found?.data).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) {
    expect(Math.abs((found?.data[i] as number) - value)).toBeLessThanOrEqual(tolerance * largest);
  }
}

function limited({ data, dims }: StepNumbers): readonly number[] {
  return reference.maxNorm(data, dims, { maxValue: 0.5, axis: 1 });
}

describe('the value that a step gives', () => {
  test.each(['accumulate_if', 'function_sgd', 'ir3', 'momentum_ema'])(
    '%s: is the projected update, all else as before',
    async (name) => {
      const before = readStep(name);
      const after = spliced(before, undefined, { others: 'unconstrained' });
      const { plain, constrained } = await runBoth(before, after);
      expectClose(constrained.w_new, limited(plain.w_new as StepNumbers));
      for (const [output, value] of Object.entries(plain)) {
        if (output !== 'w_new') expect(constrained[output]).toEqual(value);
      }
    },
  );

  test.each([
    ['inner_loop', 'Loop', 3],
    ['inner_scan', 'Scan', 5],
  ])('%s: each of the updates inside is projected', async (name, opType, rounds) => {
    const before = readStep(name);
    const after = spliced(before);
    const diff = spliceDiff(before, after);
    expect(diff.inserted.every((place) => place.startsWith(`graph/${opType}.body: `))).toBe(true);
    expect(diff.rewired).toEqual([`graph/${opType}.body: Sub output w_out → keras.constraints/w/updated_0`]);
    const { plain, constrained } = await runBoth(before, after);
    const [first, ...later] = (plain.losses as StepNumbers).data;
    expect(constrained.losses?.data[0]).toBe(first);
    expect(constrained.losses?.data.slice(1)).not.toEqual(later);
    expect(constrained.losses?.data).toHaveLength(rounds);
    const norms = reference.norms(constrained.w_new?.data as number[], [4, 3], 1);
    for (const norm of norms.values) expect(norm).toBeLessThanOrEqual(0.5 * (1 + 1e-6));
  });

  test('a stacked tensor takes the constraint over its own axes', async () => {
    const before = readStep('stacked');
    const after = spliced(before, { ...pair, constraint: unitNorm({ axis: 2 }) });
    const { plain, constrained } = await runBoth(before, after);
    const { data, dims } = plain.w_new as StepNumbers;
    expectClose(constrained.w_new, reference.unitNorm(data, dims, { axis: 2 }));
  });

  test('the float32 master of a float16 weight is constrained, and the weight with it', async () => {
    const before = readStep('masters');
    const after = spliced(before, { input: 'master', output: 'master_new', constraint });
    const { plain, constrained } = await runBoth(before, after);
    const wanted = limited(plain.master_new as StepNumbers);
    expectClose(constrained.master_new, wanted);
    expectClose(constrained.w16_new, wanted, 1e-3);
  });

  test.each(['constrained', 'unconstrained'] as const)('other readers see the %s value', async (others) => {
    const before = readStep('momentum_ema');
    const after = spliced(before, undefined, { others });
    const { plain, constrained } = await runBoth(before, after);
    const seen =
      others === 'constrained' ? limited(plain.w_new as StepNumbers) : (plain.w_new?.data as number[]);
    expectClose(constrained.largest, [Math.max(...seen.map(Math.abs))]);
    expectClose(
      constrained.shown,
      seen.map((value) => 2 * value),
    );
    expect(spliceDiff(before, after).rewired).toEqual([
      'graph: Sub output w_new → keras.constraints/w/updated_0',
      ...(others === 'constrained'
        ? []
        : [
            'graph: Mul input w_new → keras.constraints/w/updated_0',
            'graph: Abs input w_new → keras.constraints/w/updated_0',
            'graph/If.then_branch: Add input w_new → keras.constraints/w/updated_0',
            'graph/If.then_branch: Add input w_new → keras.constraints/w/updated_0',
          ]),
    ]);
  });

  test('one parameter may say otherwise than the option', async () => {
    const before = readStep('momentum_ema');
    const model = OnnxModel.decode(before);
    const [parameter] = splice(model, {
      parameters: { w: { ...pair, constraint, others: 'unconstrained' } },
    });
    expect(parameter).toMatchObject({ name: 'w', form: 'canonical', nodes: 5, otherReaders: 3 });
    expect(spliceDiff(before, model.encode()).rewired).toHaveLength(5);
  });
});

describe('node by node, a spliced step is its source but for inserted nodes and the name between', () => {
  test.each(['mlp_sgd', 'jax_momentum'])('%s, as its description says', (name) => {
    const before = readFileSync(stepPath(`${name}/step.onnx`));
    const description = parseStepDescription(readFileSync(stepPath(`${name}/constraints.json`), 'utf8'));
    for (const options of [{}, { provider: 'cpu' }, { functions: true }]) {
      const model = OnnxModel.decode(before);
      const constrained = splice(model, description, options).filter((each) => each.constraint !== null);
      const { inserted, rewired } = spliceDiff(before, model.encode());
      expect(inserted).toHaveLength(constrained.reduce((sum, { nodes }) => sum + nodes, 0));
      expect(rewired).toEqual(
        constrained.map((each) =>
          expect.stringMatching(`output ${each.output} → keras.constraints/${each.name}/updated_0$`),
        ),
      );
    }
  });

  test.each([
    ['adamw', 'out_0'],
    ['accumulate_if', 'w_new'],
    ['function_sgd', 'w_new'],
    ['stacked', 'w_new'],
  ])('%s', (name, output) => {
    for (const options of [{}, { provider: 'cpu' }, { others: 'unconstrained' }] as const) {
      const before = readStep(name);
      const { rewired } = spliceDiff(before, spliced(before, { input: 'w', output, constraint }, options));
      expect(rewired).toEqual([expect.stringMatching(`output ${output} → keras.constraints/w/updated_0$`)]);
    }
  });
});

describe('opset, IR version and names', () => {
  const opsets = Array.from({ length: 14 }, (_, i) => 13 + i);

  test.each(opsets)('opset %i is kept, with nodes that are valid there', async (opset) => {
    const before = sgdStepBytes({ opset });
    for (const provider of [undefined, 'cpu']) {
      const after = spliced(before, undefined, { provider });
      const model = OnnxModel.decode(after);
      expect([model.opset(), model.irVersion]).toEqual([opset, OnnxModel.decode(before).irVersion]);
      const { plain, constrained } = await runBoth(before, after, opset);
      expectClose(constrained.w_new, limited(plain.w_new as StepNumbers));
    }
  });

  test('below IR version 4 constants are nodes, since an initializer would have to be an input', () => {
    const after = spliced(readStep('ir3'));
    expect(OnnxModel.decode(after).inputs).toEqual(OnnxModel.decode(readStep('ir3')).inputs);
    expect(spliceDiff(readStep('ir3'), after).inserted.slice(0, 2)).toEqual([
      'graph: Constant',
      'graph: Constant',
    ]);
  });

  test.each(['float64', 'float16'] as const)('%s stays, computed as its dtype needs', async (dtype) => {
    const before = sgdStepBytes({ dtype });
    const { plain, constrained } = await runBoth(before, spliced(before));
    expectClose(constrained.w_new, limited(plain.w_new as StepNumbers), dtype === 'float64' ? 1e-12 : 1e-3);
  });

  test('a shape with names of sizes is projected in the canonical form', async () => {
    const before = sgdStepBytes({ shape: ['rows', 3] });
    const model = OnnxModel.decode(before);
    const [parameter] = splice(model, { parameters: { w: { ...pair, constraint } } }, { provider: 'cpu' });
    expect(parameter?.form).toBe('canonical');
    const { plain, constrained } = await runBoth(before, model.encode());
    expectClose(constrained.w_new, limited(plain.w_new as StepNumbers));
  });

  test('inputs and outputs keep names, order, types and shapes', () => {
    for (const name of ['momentum_ema', 'accumulate_if', 'inner_loop', 'function_sgd']) {
      const [before, after] = [readStep(name), spliced(readStep(name))].map((bytes) =>
        OnnxModel.decode(bytes),
      );
      expect(after?.inputs).toEqual(before?.inputs);
      expect(after?.outputs).toEqual(before?.outputs);
    }
  });

  test('new names avoid those of the host', () => {
    const taken = [
      'keras.constraints/w/updated_0',
      'keras.constraints/w/Mul_0',
      'keras.constraints/w/ReduceL2_0',
    ];
    const host = sgdStep({ names: ['w', ...taken] });
    const before = host.names();
    splice(host, { parameters: { w: { ...pair, constraint } } });
    const added = [...host.names()].filter((name) => !before.has(name));
    expect(added).toContain('keras.constraints/w/updated_1');
    const { graph } = { graph: OnnxModel.decode(host.encode()) };
    expect(graph.outputs.map(({ name }) => name)).toContain('keras.constraints/w/updated_0_new');
  });

  test('fields that no version of ONNX knows are kept', () => {
    // Field 99 of the model, a varint.
    const before = Buffer.concat([readStep('adamw'), Buffer.from([0x98, 0x06, 0x2a])]);
    const after = spliced(before, { ...pair, output: 'out_0', constraint });
    expect(Buffer.from(after).includes(Buffer.from([0x98, 0x06, 0x2a]))).toBe(true);
    expect(spliceDiff(before, after).inserted).toHaveLength(5);
  });

  test('the same step and description give the same bytes', () => {
    const [first, second] = [spliced(readStep('momentum_ema')), spliced(readStep('momentum_ema'))] as const;
    expect(Buffer.from(first).equals(Buffer.from(second))).toBe(true);
  });
});

describe('several parameters and constraints', () => {
  class Halve extends Constraint {
    override call(w: Parameters<Constraint['call']>[0]) {
      return ops.multiply(w, 0.5);
    }
  }

  test('each parameter gets its own; null leaves one alone', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const before = sgdStepBytes({ names });
    const model = OnnxModel.decode(before);
    const report = splice(model, {
      parameters: {
        a: { ...sgdPair('a'), constraint: nonNeg() },
        b: { ...sgdPair('b'), constraint: new Halve() },
        c: { ...sgdPair('c'), constraint: null },
        d: { ...sgdPair('d'), constraint: 'unit_norm' },
      },
    });
    expect(report.map(({ name, nodes }) => [name, nodes])).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 0],
      ['d', 3],
    ]);
    const { plain, constrained } = await runBoth(before, model.encode());
    const [a, b, c, d] = names.map((name) => plain[`${name}_new`] as StepNumbers) as [
      StepNumbers,
      StepNumbers,
      StepNumbers,
      StepNumbers,
    ];
    expectClose(constrained.a_new, reference.nonNeg(a.data));
    expectClose(
      constrained.b_new,
      b.data.map((value) => value / 2),
    );
    expect(constrained.c_new).toEqual(c);
    expectClose(constrained.d_new, reference.unitNorm(d.data, d.dims, { axis: 0 }));
    expect(spliceDiff(before, model.encode()).inserted).toHaveLength(5);
  });
});
