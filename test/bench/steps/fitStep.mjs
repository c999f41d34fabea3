// The step that this package builds of a Keras config, run by its loop as `fit` runs it.
// Must not import Node, nor anything from src or dist: a browser loads this too, with entry points of its own.
import {
  answersFromKeras,
  channelsLast,
  kerasConfig,
  kerasDims,
  kerasPaths,
  kerasStart,
} from './kerasNetwork.mjs';
import { ADAM, batchOf } from './networks.mjs';

/**
 * @typedef {object} Platform
 * @property {typeof import('../../../dist/types/node.js').StepLoop} StepLoop
 * @property {typeof import('../../../dist/types/train.js').buildTrainStep} buildTrainStep
 * @property {typeof import('../../../dist/types/train.js').modelFromConfig} modelFromConfig
 * @property {string[]} providers
 */

/**
 * @param {import('./networks.mjs').Network} network
 * @param {boolean} constrained
 * @param {Platform} platform
 * @returns {import('../contenders.mjs').Entry}
 */
export function fitEntry(network, constrained, platform) {
  const { target, ...config } = kerasConfig(network, constrained);
  const step = platform.buildTrainStep(platform.modelFromConfig(config), {
    batchSize: network.input[0],
    provider: platform.providers[0],
  });
  const batch = kerasBatch(network);
  let loop;
  let isAnswered = false;
  return {
    // The loop holds its values; once the first step was looked at it trains on.
    async refill() {
      if (isAnswered) return;
      await loop?.dispose();
      loop = await openLoop(step, initialOf(network), platform);
    },
    run: () => timeOfStep(loop, batch, isAnswered),
    async answer() {
      isAnswered = true;
      return answersOf(network, await loop.weights(), await loop.state());
    },
    detail: () => loop.report().route,
    dispose: () => loop.dispose(),
  };
}

function openLoop(step, initial, { StepLoop, providers }) {
  const pairs = Object.entries(step.parameters).map(([path, pair]) => [path, { ...pair, constraint: null }]);
  return StepLoop.create(
    step.model,
    { parameters: Object.fromEntries(pairs) },
    {
      initial: { ...step.initial, ...initial },
      state: step.state,
      inputs: { learning_rate: step.learningRate },
      providers,
    },
  );
}

/** Of two steps the second: before the first there is what a run begins with, and after the last what it ends with. */
async function timeOfStep(loop, batch, isAnswered) {
  const ends = [];
  await loop.run(isAnswered ? [batch, batch] : [batch], { onStep: () => void ends.push(performance.now()) });
  return isAnswered ? ends[1] - ends[0] : undefined;
}

export function kerasBatch(network) {
  const { x, y } = batchOf(network);
  // One channel, so that channels first and last are the same bytes.
  const dims = network.kind === 'cnn' ? channelsLast(network.input) : network.input;
  return { x: { data: x, dims }, y: { data: y, dims: network.target } };
}

function initialOf(network) {
  const names = namesOf(network);
  const { parameters } = network;
  const entries = kerasStart(network).map((data, i) => [
    names[i],
    { data, dims: kerasDims(parameters[i % parameters.length]) },
  ]);
  return { ...Object.fromEntries(entries), ...stepsDone(network) };
}

/** Adam corrects by the number of its step. */
function stepsDone({ optimizer }) {
  if (optimizer !== 'adam') return {};
  return { 'optimizer/iteration': { data: Int32Array.of(ADAM.step - 1), dims: [] } };
}

function answersOf(network, weights, state) {
  const values = namesOf(network).map((name) => (weights[name] ?? state[name]).data);
  return answersFromKeras(network, values);
}

/** What carries parameters and states, in the order of `startOf`. */
function namesOf(network) {
  const paths = kerasPaths.slice(0, network.parameters.length);
  const slots = network.optimizer === 'adam' ? ['momentum', 'velocity'] : ['momentum'];
  return [...paths, ...slots.flatMap((slot) => paths.map((path) => `optimizer/${path}/${slot}`))];
}
