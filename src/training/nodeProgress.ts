// The progress line of a step loop: on standard error, where that is a terminal.
// Must not import files or cli.
import process from 'node:process';
import { SingleBar } from 'cli-progress';
import type { ProgressLine, StepResult } from './stepLoop.js';

/** @param steps how many there will be; undefined where nobody knows */
export function showProgress(
  steps: number | undefined,
  stream: NodeJS.WriteStream = process.stderr,
): ProgressLine {
  if (!stream.isTTY) return { update: () => {}, stop: () => {} };
  const place = steps === undefined ? 'step {step}' : '{bar} {value}/{total}';
  const bar = new SingleBar({
    format: `${place} loss {loss}, {rate} steps/s`,
    stream,
    clearOnComplete: false,
  });
  let done = 0;
  bar.start(steps ?? 0, 0, { step: 0, loss: '–', rate: '–' });
  return {
    update: ({ step, loss, stepsPerSecond }: StepResult) => {
      done += 1;
      bar.update(done, { step, loss: loss.toPrecision(4), rate: stepsPerSecond.toPrecision(3) });
    },
    stop: () => bar.stop(),
  };
}
