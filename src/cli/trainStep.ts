// `train-step`: a Keras model's train step as an ONNX model.
// Must not import commander.
import { checkTarget, writeFileAtomic } from '../files/atomicWrite.js';
import { buildTrainStep } from '../fit/step/buildTrainStep.js';
import type { TrainStep } from '../fit/step/trainStep.js';
import { encodeSafetensors } from '../safetensors/encodeSafetensors.js';
import { exitCodes } from './exitCodes.js';
import type { Output } from './output.js';
import { readModelToTrain } from './trainingFile.js';
import { checkCompiled, withFlags } from './trainingFlags.js';

export interface TrainStepCommandOptions {
  readonly out: string;
  readonly params?: string;
  readonly initial?: string;
  readonly optimizer?: string;
  readonly loss?: string;
  readonly batchSize?: number;
  readonly opset?: number;
  readonly provider?: string;
  readonly seed?: number;
  readonly plugin?: readonly string[];
  readonly force?: boolean;
}

/** Runs the command and returns its exit code. */
export async function trainStepCommand(
  file: string,
  options: TrainStepCommandOptions,
  output: Output,
): Promise<number> {
  const { out, params, initial, optimizer, loss, batchSize, opset, provider, seed, force = false } = options;
  for (const target of [out, params, initial]) if (target !== undefined) await checkTarget(target, force);
  const model = await readModelToTrain(file, options);
  checkCompiled(model, options);
  const step = await withFlags(() =>
    buildTrainStep(model, {
      ...(optimizer !== undefined && { optimizer }),
      ...(loss !== undefined && { loss }),
      ...(batchSize !== undefined && { batchSize }),
      ...(opset !== undefined && { opset }),
      ...(provider !== undefined && { provider }),
      ...(seed !== undefined && { seed }),
    }),
  );
  await writeFileAtomic(out, step.model);
  if (params !== undefined) await writeFileAtomic(params, new TextEncoder().encode(describeStep(step)));
  if (initial !== undefined)
    await writeFileAtomic(initial, encodeSafetensors(new Map(Object.entries(step.initial))));
  const constrained = model.variables.filter(({ constraint, trainable }) => constraint !== null && trainable);
  output.table(
    ['variable', 'input', 'output'],
    Object.entries(step.parameters).map(([name, pair]) => [name, pair.input, pair.output]),
  );
  output.line();
  output.line(
    `${Object.keys(step.parameters).length} variables, ${constrained.length} of them constrained, ${Object.keys(step.state).length} values of state; wrote ${out}`,
  );
  const inputs = model.inputs.length === 1 ? ['x'] : model.inputs.map(({ name }) => name);
  const fed = [...inputs, ...step.labels.map(({ input }) => input)];
  const given = ['loss', ...step.metrics.map(({ name }) => name)];
  // A schedule is in the step, which tells what it made the rate.
  if (step.learningRate === undefined) given.push('learning_rate');
  else fed.push(`learning_rate (${step.learningRate})`);
  output.note(`each step also takes ${fed.join(', ')}, and gives ${given.join(', ')}`);
  output.result({
    ok: true,
    out,
    parameters: step.parameters,
    state: step.state,
    learning_rate: step.learningRate,
    constrained: constrained.map(({ path }) => path),
  });
  return exitCodes.done;
}

/** A step description; the constraints are in the graph already. */
function describeStep({ parameters, learningRate }: TrainStep): string {
  const entries = Object.entries(parameters).map(([name, pair]) => [name, { ...pair, constraint: null }]);
  return `${JSON.stringify({ parameters: Object.fromEntries(entries), learning_rate: learningRate }, null, 2)}\n`;
}
