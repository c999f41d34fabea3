// Judges what a runtime answered to a case against the formula in float64.
// Must not import src.
import { toNumbers } from '../support/readGoldenCases.mjs';

/** A value passes within `relative` · |wanted| + `absolute`; a half value may be the one beside the nearest. */
export const tolerances = {
  float32: { relative: 2e-6, absolute: 1e-7 },
  float64: { relative: 1e-12, absolute: 1e-14 },
  float16: { relative: 2 ** -10, absolute: 2 ** -24 },
  bfloat16: { relative: 2 ** -7, absolute: 2 ** -133 },
};

/** @typedef {{ status: 'pass' | 'wrong' | 'refused', error: number, words: string }} Verdict */

/**
 * @param {import('./cases.mjs').Case} one
 * @param {{ outputs?: { dtype: string, dims: number[], data: string }[], error?: string } | undefined} answer
 * @returns {Verdict}
 */
export function judge(one, answer) {
  if (answer === undefined) return refused('no answer');
  if (answer.outputs === undefined) return refused(tidyWords(answer.error ?? ''));
  let largest = 0;
  for (const [i, wanted] of one.wanted.entries()) {
    const found = answer.outputs[i];
    if (found === undefined) return refused(`no output ${one.outputs[i]}`);
    if (found.dtype !== wanted.dtype) return refused(`answers ${wanted.dtype} in ${found.dtype}`);
    if (`${found.dims}` !== `${wanted.dims}`)
      return wrong(Number.POSITIVE_INFINITY, `dims [${found.dims}] for [${wanted.dims}]`);
    const bytes = new Uint8Array(Buffer.from(found.data, 'base64'));
    const verdict = compare(toNumbers({ dtype: found.dtype, dims: found.dims, bytes }), wanted);
    if (verdict.status !== 'pass') return verdict;
    largest = Math.max(largest, verdict.error);
  }
  return { status: 'pass', error: largest, words: '' };
}

/**
 * What should not be: cases that do not pass, but those of a dtype that the runtime is said to lack, which must be
 * refused. One that passes there is as much a finding, since the runtime no longer lacks it.
 *
 * @template {{ case: { dtype: string }, verdict: Verdict }} T
 * @param {{ lacks: readonly string[], judged: readonly T[] }} runtime
 * @returns {T[]}
 */
export function unexpected({ lacks, judged }) {
  return judged.filter(
    ({ case: { dtype }, verdict: { status } }) => status !== (lacks.includes(dtype) ? 'refused' : 'pass'),
  );
}

/**
 * The error is relative, with the tolerance's floor: it passes up to `relative`.
 * @param {ArrayLike<number>} found
 */
function compare(found, { dtype, values }) {
  const { relative, absolute } = tolerances[dtype];
  let largest = 0;
  let place = '';
  for (let i = 0; i < values.length; i++) {
    const error = elementError(found[i], values[i], absolute / relative);
    if (error <= largest) continue;
    largest = error;
    place = Number.isNaN(values[i])
      ? `NaN becomes ${found[i]}`
      : `${found[i]} for ${Number(values[i].toPrecision(8))}`;
  }
  if (largest <= relative) return { status: 'pass', error: largest, words: '' };
  const single = dtype === 'float64' && largest <= tolerances.float32.relative;
  return wrong(largest, single ? 'computes float64 in float32' : place);
}

function elementError(found, wanted, floor) {
  if (Number.isNaN(wanted) || Number.isNaN(found))
    return Number.isNaN(wanted) === Number.isNaN(found) ? 0 : Number.POSITIVE_INFINITY;
  if (found === wanted) return 0;
  return Number.isFinite(found)
    ? Math.abs(found - wanted) / (Math.abs(wanted) + floor)
    : Number.POSITIVE_INFINITY;
}

/** @returns {Verdict} */
function refused(words) {
  return { status: 'refused', error: Number.NaN, words };
}

/** @returns {Verdict} */
function wrong(error, words) {
  return { status: 'wrong', error, words };
}

/** A runtime's words on one line, without the paths of this machine or of its makers'. @param {string} words */
function tidyWords(words) {
  return words
    .replace(/(?:file:\/\/)?[\w.+@-]*(?:\/[\w.+@-]+){2,}\/([\w.+-]+)/g, '$1')
    .replace(/\bc\d{4}-\d+\.onnx/g, 'model.onnx')
    .replace(/0x[0-9a-f]{6,}/g, '0x…')
    .replace(/\s+/g, ' ')
    .trim();
}
