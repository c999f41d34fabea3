// Momentum, Adam, AdamW, a CNN with batch normalization and pooling, an embedding and float16 weights with float32
// masters, exported from PyTorch at several opsets: their parameters are found, and spliced, each follows what PyTorch's
// own training computed with Keras's constraints after every update.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeModelProto, encodeModelProto } from '../../src/onnx/codec.js';
import type { onnx } from '../../src/onnx/gen/onnx.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { type FoundPair, findPairs } from '../../src/training/findPairs.js';
import { splice } from '../../src/training/splice.js';
import type { StepDescription } from '../../src/training/stepDescription.js';
import { opsetsOf, readDescription, readExportedStep } from '../support/exportedSteps.js';
import { expectConstrained, expectTrajectory, follow, train } from '../support/followSteps.js';
import { runCli } from '../support/runCli.js';
import { spliceDiff } from '../support/spliceDiff.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { stepPath } from '../support/trainSteps.js';

const folder = temporaryFolder();
const names = ['momentum', 'adam', 'adamw', 'cnn', 'embedding', 'float16_masters'].map(
  (name) => `torch/${name}`,
);
const models = names.flatMap((name) => opsetsOf(name).map((opset) => ({ name, opset })));

test('there is every opset, but 13 for the embedding, whose scattered sums came with 16', () => {
  for (const name of names) {
    const newer = [17, 18, 21, 23, 26];
    expect(opsetsOf(name), name).toEqual(name === 'torch/embedding' ? newer : [13, ...newer]);
  }
});

function stepBytes(name: string, opset: number): Uint8Array {
  return readFileSync(stepPath(`${name}/step_${opset}.onnx`));
}

/** The pairs that the script exported, with the part that each plays. */
function rightPairs(name: string): unknown[] {
  const isState = (input: string): boolean =>
    /\.(momentum_buffer|exp_avg|exp_avg_sq|running_mean|running_var)$/.test(input);
  return Object.values(readDescription(name).parameters).map(({ input, output }) => {
    return { input, output, role: isState(input) ? 'state' : 'parameter' };
  });
}

function foundPairs(bytes: Uint8Array, how: FoundPair['how'][]): unknown[] {
  const { pairs, unclear } = findPairs(OnnxModel.decode(bytes));
  expect(unclear).toEqual([]);
  return pairs.map((pair) => {
    expect(how).toContain(pair.how);
    return { input: pair.input, output: pair.output, role: pair.role };
  });
}

/** What is found in a step, with the constraints of the script. */
function describeFound(name: string, model: OnnxModel): StepDescription {
  const { parameters } = readDescription(name);
  const found = findPairs(model).pairs.map(({ input, output }) => {
    return [input, { input, output, constraint: parameters[input]?.constraint ?? null }] as const;
  });
  return { parameters: Object.fromEntries(found) };
}

/** The step with outputs named as the exporter names them that is told no names. */
function withoutOutputNames(bytes: Uint8Array): Uint8Array {
  const proto = decodeModelProto(bytes);
  const { node, output } = proto.graph as onnx.GraphProto;
  const unnamed = new Map(output.map(({ name }, i) => [name, `output_${i}`]));
  const rename = (name: string): string => unnamed.get(name) ?? name;
  for (const one of output) one.name = rename(one.name as string);
  for (const one of node) [one.input, one.output] = [one.input.map(rename), one.output.map(rename)];
  return encodeModelProto(proto);
}

describe.each(models)('$name at opset $opset', ({ name, opset }) => {
  const step = readExportedStep(name);
  const before = stepBytes(name, opset);

  test('parameters and state are found by their names, and by structure without them', () => {
    expect(foundPairs(before, ['name'])).toEqual(rightPairs(name));
    const outputs = OnnxModel.decode(before).outputs.map((one) => one.name);
    const unnamed = rightPairs(name).map((pair) => {
      const { output } = pair as { output: string };
      return { ...(pair as object), output: `output_${outputs.indexOf(output)}` };
    });
    expect(foundPairs(withoutOutputNames(before), ['structure', 'position'])).toEqual(unnamed);
  });

  test.each([{}, { provider: 'cpu' }, { functions: true }])(
    'spliced with %j it follows the trajectory, and is in the set after each step',
    async (options) => {
      const model = OnnxModel.decode(before);
      const constrained = splice(model, describeFound(name, model), options).filter(
        (each) => each.constraint !== null,
      );
      expect(model.opset()).toBe(opset);
      const after = model.encode();
      const { inserted, rewired } = spliceDiff(before, after);
      expect(inserted).toHaveLength(constrained.reduce((sum, { nodes }) => sum + nodes, 0));
      expect(rewired.filter((one) => one.includes(' output '))).toHaveLength(constrained.length);
      expectTrajectory(step, await follow(step, after));
    },
  );
});

describe.each(names)('%s', (name) => {
  const step = readExportedStep(name);

  test('as it was exported it leaves the set and the trajectory', async () => {
    const run = await train(step, stepPath(`${name}/step_21.onnx`));
    expect(() => expectConstrained(step, run.final)).toThrow();
    expect(() => expectTrajectory(step, run)).toThrow();
  });

  test('the command, told constraints by the names of parameters, gives what the function gives', async () => {
    const [rules, out] = ['json', 'onnx'].map((end) => join(folder, `${basename(name)}.${end}`)) as [
      string,
      string,
    ];
    const { parameters } = JSON.parse(readFileSync(stepPath(`${name}/constraints.json`), 'utf8'));
    const constraints = Object.entries<{ constraint: unknown }>(parameters).flatMap(([match, one]) =>
      one.constraint === null ? [] : [{ match, constraint: one.constraint }],
    );
    writeFileSync(rules, JSON.stringify({ constraints }));
    const source = stepPath(`${name}/step_21.onnx`);
    const ran = await runCli('splice', source, '--config', rules, '--yes', '--out', out);
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining(`wrote ${out}`)]);
    const model = OnnxModel.decode(stepBytes(name, 21));
    splice(model, describeFound(name, model));
    expect(readFileSync(out).equals(model.encode())).toBe(true);
    expectTrajectory(step, await follow(step, out));
  });
});
