// The train steps as cases of the benchmark.
// Must not import anything from src or dist.
import { cnn, digitsMlp, mlp, mlpAdam, startOf } from './networks.mjs';
import { judgeOf } from './stepAnswer.mjs';

/** @type {readonly import('../cases.mjs').StepCase[]} */
export const stepCases = [
  stepCase('Train step, MLP of 8.4M, SGD', mlp),
  stepCase('Train step, MLP of 8.4M, Adam', mlpAdam),
  // What the constraint adds to these is less than one run differs from the next.
  stepCase('Train step, digits MLP', digitsMlp, 7),
  stepCase('Train step, CNN', cnn, 7),
];

/** Those who take the step without its constraints. */
const unconstrained = ['plain step', 'fit, unconstrained'];

/** @param {number} repeats how many runs each round has, of which the middle one counts */
function stepCase(name, network, repeats = 1) {
  let judge;
  return {
    name,
    network,
    repeats,
    parameters: network.parameters,
    weights: () => startOf(network),
    async findMistake({ name: contender }, answers) {
      judge ??= judgeOf(network);
      return (await judge)(answers, !unconstrained.includes(contender));
    },
  };
}
