// Keras's own training with each optimizer, option, schedule, loss and regularizer: every loss, variable and slot.
import { describe, expect, test } from 'vitest';
import {
  buildTrainStep,
  earlyStopping,
  evaluate,
  reduceLearningRateOnPlateau,
  fit as train,
} from '../../src/train.js';
import {
  batchSize,
  farFromKerasOptions,
  farWeights,
  followOptions,
  modelOf,
  setWeights,
  steps,
} from '../support/followOptions.js';
import { far } from '../support/followTraining.js';
import { answered, array, cases, type FitRun, fits, type OptionCase } from '../support/optionCases.js';

interface SerializedOptimizer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

describe.each(cases.map((own) => [own.id, own] as const))('%s', (_, own) => {
  test('every loss, variable and slot as Keras has them, with the constraints held after every step', async () => {
    const model = modelOf(own);
    const { losses, violated } = await followOptions(own, model);
    expect(farFromKerasOptions(own, model, losses)).toEqual([]);
    expect(violated).toEqual([]);
  });

  test('without its constraints, violates them', async () => {
    const { violated } = await followOptions(own, modelOf(own), { constraints: false });
    expect(violated.length).toBeGreaterThan(0);
  });

  test('stopped in the middle, goes on from the stored state as if it had not been', async () => {
    const model = modelOf(own);
    await followOptions(own, model, {}, { to: 5 });
    const { losses } = await followOptions(own, model, {}, { from: 5 });
    expect(farFromKerasOptions(own, model, losses, 5)).toEqual([]);
  });
});

test.each(['sgd', 'adamw', 'rmsprop', 'adagrad', 'adamax', 'nadam', 'lion'])(
  '%s without its settings has those that Keras writes',
  (id) => {
    const own = cases.find((each) => each.id === id) as OptionCase;
    const full = own.compile_config.optimizer as SerializedOptimizer;
    const given = ['learning_rate', 'weight_decay', 'initial_accumulator_value'];
    const config = Object.fromEntries(Object.entries(full.config).filter(([key]) => given.includes(key)));
    const built = (optimizer: SerializedOptimizer) => buildTrainStep(modelOf(own), { optimizer }).model;
    expect(built({ class_name: full.class_name, config })).toEqual(built(full));
  },
);

describe.each(fits.map((own) => [own.id, own] as const))('fit %s', (_, own) => {
  const samples = 70;
  const take = (name: string) => {
    const data = array(name);
    return data.slice(0, (data.length / (steps * batchSize)) * samples);
  };
  const data = {
    x: take('x'),
    y: take(own.labels),
    ...(own.weighted && { sampleWeight: take('weight') }),
  };

  test('tells the history that Keras tells, and leaves its weights', async () => {
    const model = modelOf(own);
    const { history } = await train(model, data, {
      epochs: own.epochs,
      shuffle: false,
      validationSplit: own.validation_split,
      ...(own.class_weight !== null && { classWeight: own.class_weight }),
      callbacks: own.callback === null ? [] : [callbackOf(own.callback)],
    });
    expect(Object.keys(history).sort()).toEqual(Object.keys(own.history).sort());
    const faults = Object.entries(own.history).flatMap(([name, wanted]) =>
      far(name, history[name] ?? [], wanted),
    );
    expect([...faults, ...farWeights(own, model)]).toEqual([]);
  });

  test('evaluate tells what Keras tells', async () => {
    const model = modelOf(own);
    setWeights(model, own.model, answered(`${own.id}/final`));
    const found = await evaluate(model, data);
    expect(Object.keys(found).sort()).toEqual(Object.keys(own.evaluated).sort());
    expect(
      Object.entries(own.evaluated).flatMap(([name, wanted]) =>
        far(name, [found[name] ?? Number.NaN], [wanted]),
      ),
    ).toEqual([]);
  });
});

function callbackOf([name, args]: NonNullable<FitRun['callback']>) {
  return name === 'earlyStopping' ? earlyStopping(args) : reduceLearningRateOnPlateau(args);
}
