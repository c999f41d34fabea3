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
    // Signals are the program's own, and the terminal is left as it is, since a signal may end the program.
    gracefulExit: false,
    linewrap: true,
  });
  let done = 0;
  bar.start(steps ?? 0, 0, { step: 0, loss: '–', rate: '–' });
  return {
    update: ({ step, loss, stepsPerSecond }: StepResult) => {
      done += 1;
      bar.update(done, {
        step,
        loss: loss.toPrecision(4),
        rate: stepsPerSecond < 10 ? stepsPerSecond.toFixed(1) : stepsPerSecond.toFixed(0),
      });
    },
    stop: () => bar.stop(),
  };
}
