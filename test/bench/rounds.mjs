// The method: in each round every contender's turn comes once, on weights of its own, which are put back before.
// A wrong answer ends the benchmark. Must not import anything from src or dist.
import { setTimeout as sleep } from 'node:timers/promises';
import { findMistake, makeWeights } from './weights.mjs';

export const WARM_UP = 3;

/** Above this, in milliseconds, a contender is so far off that it sits out after `SLOW_RUNS`. */
const SLOW = 1000;
const SLOW_RUNS = 5;

/** Milliseconds between two contenders, for the threads of the one before to stop spinning. */
const PAUSE = 20;

/**
 * @typedef {object} Times
 * @property {number} median in milliseconds, as are the quartiles
 * @property {number} lower
 * @property {number} upper
 * @property {number} runs
 * @property {unknown} [detail]
 */

/**
 * @param {import('./cases.mjs').Case | import('./cases.mjs').StepCase} benchCase
 * @param {readonly import('./contenders.mjs').Contender[]} contenders
 * @param {number} runs how many rounds count
 * @returns {Promise<Record<string, Times>>} by the contenders' names
 */
export async function measure(benchCase, contenders, runs) {
  const weights = benchCase.weights?.() ?? makeWeights(benchCase.parameters);
  const starters = [];
  try {
    for (const contender of contenders) {
      if (contender.takes?.(benchCase) === false) continue;
      const entry = await contender.prepare(benchCase, weights);
      starters.push({ contender, entry, times: [], fastest: undefined });
    }
    for (let round = 0; round < WARM_UP + runs; round++) {
      for (const starter of turnsOf(starters, round)) {
        if (isDone(starter)) continue;
        const time = await timeInRound(starter, round < WARM_UP ? 1 : (benchCase.repeats ?? 1));
        if (round === 0) await check(benchCase, starter, weights);
        if (round >= WARM_UP) starter.times.push(time);
      }
    }
    return Object.fromEntries(
      starters.map(({ contender, entry, times }) => [contender.name, summarize(times, entry)]),
    );
  } finally {
    for (const { entry } of starters) await entry.dispose?.();
  }
}

/** Another one begins at each round and the direction turns, so that nobody always follows the same one. */
function turnsOf(starters, round) {
  const first = round % starters.length;
  const turned = [...starters.slice(first), ...starters.slice(0, first)];
  return round % 2 === 0 ? turned : turned.reverse();
}

const isSlow = ({ fastest }) => fastest > SLOW;

function isDone(starter) {
  return isSlow(starter) && starter.times.length >= SLOW_RUNS;
}

/** The middle one of `repeats` timed runs; one alone of a slow one. */
async function timeInRound(starter, repeats) {
  await starter.entry.renew?.();
  const times = [];
  while (times.length < repeats && !(times.length > 0 && isSlow(starter)))
    times.push(await timeOnce(starter));
  return times.sort((a, b) => a - b)[times.length >> 1];
}

/** One timed run, after an untimed one, so that its threads and the processor are awake, as they are amid training. */
async function timeOnce(starter) {
  const { entry } = starter;
  // What others left behind is collected outside of anyone's time; needs --expose-gc.
  globalThis.gc?.();
  await sleep(PAUSE);
  if (!isSlow(starter)) {
    await entry.refill();
    await entry.run();
  }
  await entry.refill();
  const start = performance.now();
  const own = await entry.run();
  const time = own ?? performance.now() - start;
  starter.fastest = Math.min(starter.fastest ?? time, time);
  return time;
}

async function check(benchCase, { contender, entry }, weights) {
  const answers = await entry.answer();
  const own = await benchCase.findMistake?.(contender, answers);
  if (own) throw new Error(`${benchCase.name}: ${contender.name} is wrong: ${own}`);
  if (benchCase.findMistake) return;
  for (const [i, parameter] of benchCase.parameters.entries()) {
    const mistake = contender.copies
      ? answers[i].some((value, j) => value !== weights[i][j]) && 'the copy differs'
      : findMistake(parameter, weights[i], answers[i]);
    if (mistake) throw new Error(`${benchCase.name}: ${contender.name} is wrong: ${mistake}`);
  }
}

/** @returns {Times} */
function summarize(times, entry) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => {
    const place = share * (sorted.length - 1);
    const low = sorted[Math.floor(place)];
    return low + (place % 1) * (sorted[Math.ceil(place)] - low);
  };
  return { median: at(0.5), lower: at(0.25), upper: at(0.75), runs: times.length, detail: entry.detail?.() };
}
