// What a step must give: tfjs's own step, then the constraints in float64. Every contender's answer is compared with it.
// Must not import anything from src or dist, so that a mistake there cannot hide here.
import '../contenders/tfjs.mjs';
import { unitsOf, wantedNorm } from '../units.mjs';
import { startOf } from './networks.mjs';
import { TfjsStep } from './tfjsStep.mjs';

const TOLERANCE = 1e-5;
const EPSILON = 1e-7;

/**
 * @param {import('./networks.mjs').Network} network
 * @returns {Promise<(answers: readonly ArrayLike<number>[], constrained: boolean) => string | undefined>} what is wrong
 */
export async function judgeOf(network) {
  const start = startOf(network);
  const plain = await takeStep(network, start);
  return judgeAgainst(network, start, plain);
}

/**
 * The judge, where the step without constraints is known.
 *
 * @param {import('./networks.mjs').Network} network
 * @param {readonly Float32Array[]} start
 * @param {readonly Float32Array[]} plain
 */
export function judgeAgainst(network, start, plain) {
  const projected = plain.map((values, i) => projectionOf(network.parameters[i], values));
  for (const [i, { name, constraint }] of network.parameters.entries()) {
    const largest = largestOf(plain[i]);
    if (distance(plain[i], start[i]) < 0.005 * largest) throw new Error(`the step hardly moves ${name}`);
    if (constraint && distance(plain[i], projected[i]) < 0.05 * largest) {
      throw new Error(`the constraint hardly moves ${name}`);
    }
  }
  return (answers, constrained) => findMistake(network, answers, constrained ? projected : plain);
}

async function takeStep(network, start) {
  const step = new TfjsStep(network, false, 'wasm');
  await step.refill(start);
  await step.run();
  const answers = await step.answer();
  step.dispose();
  return answers;
}

function findMistake({ parameters }, answers, right) {
  for (const [i, values] of right.entries()) {
    const { name } = parameters[i % parameters.length];
    const what = i < parameters.length ? name : `a state of ${name}`;
    if (answers[i].length !== values.length) return `${what} holds ${answers[i].length} values`;
    const [found, allowed] = [distance(answers[i], values), TOLERANCE * largestOf(values)];
    // Negated, so that NaN is a mistake too.
    if (!(found <= allowed)) return `${what} is off by ${found}, of at most ${allowed}`;
  }
  return undefined;
}

function projectionOf(parameter, values) {
  if (parameter?.constraint === undefined) return values;
  const { columns, rows, byColumn } = unitsOf(parameter);
  const unitAt = (i) => (byColumn ? i % columns : Math.floor(i / columns));
  const squares = new Float64Array(byColumn ? columns : rows);
  for (let i = 0; i < values.length; i++) squares[unitAt(i)] += values[i] * values[i];
  const wanted = wantedNorm(parameter.constraint);
  const scales = squares.map((sum) => wanted(Math.sqrt(sum)) / (Math.sqrt(sum) + EPSILON));
  return Float64Array.from(values, (value, i) => value * scales[unitAt(i)]);
}

/** The largest difference; NaN where one is. */
function distance(a, b) {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

function largestOf(values) {
  return distance(values, new Float32Array(values.length));
}
