// What a plain JavaScript program would write: float32 loops in place.
// Must not import anything from src or dist.
import { unitsOf, wantedNorm } from '../units.mjs';
import { copyInto } from '../weights.mjs';

const EPSILON = 1e-7;

/** @type {import('../contenders.mjs').Contender} */
export const loops = {
  name: 'JS loops',
  prepare({ parameters }, weights) {
    const own = weights.map((weight) => weight.slice());
    const projections = parameters.map(projectionOf);
    return {
      refill: () => copyInto(own, weights),
      run() {
        for (const [i, project] of projections.entries()) project(own[i]);
      },
      answer: () => own,
    };
  },
};

/** @returns {(weight: Float32Array) => void} */
function projectionOf(parameter) {
  if (parameter.constraint.class_name === 'NonNeg') return clampToZero;
  const { rows, columns, byColumn } = unitsOf(parameter);
  const wanted = wantedNorm(parameter.constraint);
  return byColumn
    ? (weight) => scaleColumns(weight, rows, columns, wanted)
    : (weight) => scaleRows(weight, rows, columns, wanted);
}

function clampToZero(weight) {
  for (let i = 0; i < weight.length; i++) weight[i] = Math.max(weight[i], 0);
}

function scaleColumns(weight, rows, columns, wanted) {
  const scales = new Float32Array(columns);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) scales[column] += weight[i] * weight[i];
  }
  for (let column = 0; column < columns; column++) {
    const norm = Math.sqrt(scales[column]);
    scales[column] = wanted(norm) / (norm + EPSILON);
  }
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) weight[i] *= scales[column];
  }
}

function scaleRows(weight, rows, columns, wanted) {
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    const end = start + columns;
    let squares = 0;
    for (let i = start; i < end; i++) squares += weight[i] * weight[i];
    const norm = Math.sqrt(squares);
    const scale = wanted(norm) / (norm + EPSILON);
    for (let i = start; i < end; i++) weight[i] *= scale;
  }
}
