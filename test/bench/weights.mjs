// The weights that are projected, and the float64 answer that every contender's is compared with.
// Must not import anything from src or dist, so that a mistake there cannot hide here.
import { product, unitsOf, wantedNorm } from './units.mjs';

const TOLERANCE = 1e-5;
const EPSILON = 1e-7;

/**
 * Weights from 0.5 to 1 of either sign, the same at every run: every unit of every case is outside its limits, and no
 * weight is so small that a relative error means nothing.
 *
 * @param {readonly import('./cases.mjs').Parameter[]} parameters
 * @returns {Float32Array[]} one array a parameter
 */
export function makeWeights(parameters) {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const size = 0.5 + (state & 0x7fffffff) / 2 ** 32;
    return state >= 2 ** 31 ? -size : size;
  };
  return parameters.map(({ dims }) => {
    const data = new Float32Array(product(dims));
    for (let i = 0; i < data.length; i++) data[i] = next();
    return data;
  });
}

/**
 * Writes each array into the one at its place.
 *
 * @param {readonly Float32Array[]} targets
 * @param {readonly Float32Array[]} sources
 */
export function copyInto(targets, sources) {
  for (const [i, target] of targets.entries()) target.set(sources[i]);
}

/**
 * What is wrong with an answer: a relative error above 1e-5 of the float64 reference, or units that did not change.
 *
 * @param {import('./cases.mjs').Parameter} parameter
 * @param {Float32Array} weight as it was
 * @param {ArrayLike<number>} answer
 * @returns {string | undefined}
 */
export function findMistake(parameter, weight, answer) {
  if (answer.length !== weight.length) return `it holds ${answer.length} weights of ${weight.length}`;
  const scales = scalesOf(parameter, weight);
  // Left alone, up to epsilon: doing nothing would pass for right there.
  if (scales?.some((scale) => Math.abs(scale - 1) <= TOLERANCE)) {
    throw new Error(`${parameter.name}: the constraint leaves some of its units alone`);
  }
  const { columns, byColumn } = unitsOf(parameter);
  for (let i = 0; i < weight.length; i++) {
    const unit = byColumn ? i % columns : Math.floor(i / columns);
    const right = scales === undefined ? Math.max(weight[i], 0) : weight[i] * scales[unit];
    // Negated, so that NaN is a mistake too.
    if (!(Math.abs(answer[i] - right) <= TOLERANCE * Math.abs(right))) {
      return `${parameter.name}[${i}] is ${answer[i]}, which should be ${right}`;
    }
  }
  return undefined;
}

/** The factor of each unit in float64; undefined for a constraint that has no units. */
function scalesOf(parameter, weight) {
  const { constraint } = parameter;
  if (constraint.class_name === 'NonNeg') return undefined;
  const { rows, columns, byColumn } = unitsOf(parameter);
  const scales = new Float64Array(byColumn ? columns : rows);
  for (let i = 0; i < weight.length; i++) {
    scales[byColumn ? i % columns : Math.floor(i / columns)] += weight[i] * weight[i];
  }
  const wanted = wantedNorm(constraint);
  return scales.map((squares) => wanted(Math.sqrt(squares)) / (Math.sqrt(squares) + EPSILON));
}
