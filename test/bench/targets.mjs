// Whether the ratios that this package is to reach were reached; they are for a quiet machine of 2 cores.
// Must not import anything from src or dist. A missed one is told, never an error: other work on a machine decides too.
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Target
 * @property {string} case
 * @property {string} contender
 * @property {string} against
 * @property {number} [atMost] of the other's time
 * @property {number} [aheadBy] how many times its own time the other takes at least
 */

/**
 * The targets of the cases that were measured, each with the ratio found; null where a contender did not run.
 *
 * @param {readonly { name: string, times: Record<string, import('./rounds.mjs').Times> }[]} results
 * @returns {(Target & { found: number | null, status: 'ok' | 'missed' | 'not measured' })[]}
 */
export function judgeTargets(results) {
  const byName = new Map(results.map(({ name, times }) => [name, times]));
  return readTargets()
    .filter((target) => byName.has(target.case))
    .map((target) => judgeTarget(target, byName.get(target.case)));
}

/** @returns {Target[]} */
export function readTargets() {
  const rows = JSON.parse(readFileSync(new URL('targets.json', import.meta.url), 'utf8'));
  return rows.flatMap(({ cases, ...target }) => cases.map((name) => ({ case: name, ...target })));
}

function judgeTarget(target, times) {
  const own = times[target.contender]?.median;
  const other = times[target.against]?.median;
  if (own === undefined || other === undefined) return { ...target, found: null, status: 'not measured' };
  const found = target.atMost === undefined ? other / own : own / other;
  const isMet = target.atMost === undefined ? found >= target.aheadBy : found <= target.atMost;
  return { ...target, found, status: isMet ? 'ok' : 'missed' };
}
