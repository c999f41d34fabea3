// The progress line of a step loop, on a terminal and elsewhere.
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { showProgress } from '../../src/training/nodeProgress.js';

describe('the progress line', () => {
  const result = { step: 7, loss: 0.12345, outputs: {}, stepsPerSecond: 1234.5 };

  function terminal(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
    const written: string[] = [];
    const stream = Object.assign(
      new Writable({
        write: (chunk, _, done) => {
          written.push(String(chunk));
          done();
        },
      }),
      { isTTY, columns: 80, cursorTo: () => true, clearLine: () => true, moveCursor: () => true },
    );
    return { stream: stream as never, text: () => written.join('') };
  }

  test.each([
    [10, /1\/10 loss 0\.1235/],
    [undefined, /step 7 loss 0\.1235/],
  ])('tells loss and pace on a terminal, of %s steps', (steps, wanted) => {
    const { stream, text } = terminal(true);
    const line = showProgress(steps, stream);
    line.update(result);
    line.stop();
    expect(text()).toMatch(wanted);
    expect(text()).toContain('1235 steps/s');
  });

  test('is left out elsewhere', () => {
    const { stream, text } = terminal(false);
    const line = showProgress(10, stream);
    line.update(result);
    line.stop();
    expect(text()).toBe('');
  });

  test('leaves signals to the program', () => {
    const before = ['SIGINT', 'SIGTERM'].map((signal) => process.listenerCount(signal));
    const line = showProgress(10, terminal(true).stream);
    expect(['SIGINT', 'SIGTERM'].map((signal) => process.listenerCount(signal))).toEqual(before);
    line.stop();
  });
});
