// What commands print: tables and messages for people, one JSON object for programs.

import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import pc from 'picocolors';
import { ConstraintError } from '../graph/errors.js';
import type { Progress } from '../runtime/applyPlan.js';

/** The streams a command writes to; tests give their own. */
export interface Streams {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

type Colour = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

/** Prints results to standard output, and everything else to standard error. */
export class Output {
  readonly #colours: ReturnType<typeof pc.createColors>;

  constructor(
    readonly streams: Streams,
    /** Print one JSON object and nothing else on standard output. */
    readonly json: boolean,
    colours: boolean = wantsColour(streams),
  ) {
    this.#colours = pc.createColors(colours);
  }

  /** A line for people; left out with `--json`. */
  line(text = ''): void {
    if (!this.json) this.streams.stdout.write(`${text}\n`);
  }

  /** The result for programs; left out without `--json`. */
  result(value: object): void {
    if (this.json) this.streams.stdout.write(`${JSON.stringify(value, jsonNumbers)}\n`);
  }

  /** A message beside the result. */
  note(text: string): void {
    this.streams.stderr.write(`${text}\n`);
  }

  warn(text: string): void {
    this.note(`${this.paint('yellow', 'warning:')} ${text}`);
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const table = new Table({
      head: head.map((title) => this.paint('bold', title)),
      style: { head: [], border: [], compact: true },
      chars: plainBorders,
    });
    for (const row of rows) table.push([...row]);
    this.line(table.toString());
  }

  paint(colour: Colour, text: string): string {
    return this.#colours[colour](text);
  }

  /** Shows progress on standard error, if that is a terminal and the work takes longer than a moment. */
  progress(title: string): { readonly update: Progress; stop(): void } {
    const started = Date.now();
    let bar: SingleBar | undefined;
    const update: Progress = (done, total, what) => {
      if (this.streams.stderr.isTTY !== true) return;
      if (bar === undefined && Date.now() - started > 500 && done < total) {
        bar = new SingleBar({ format: `${title} {bar} {value}/{total} {what}`, clearOnComplete: true });
        bar.start(total, done, { what });
      }
      bar?.update(done, { what });
    };
    return { update, stop: () => bar?.stop() };
  }

  /**
   * Reports a failure on both ways out.
   *
   * @param more what goes into the JSON object beside the error
   */
  failure(error: unknown, more: object = {}): void {
    const message = error instanceof Error ? error.message : String(error);
    this.note(`${this.paint('red', 'error:')} ${message}`);
    const known = error instanceof ConstraintError ? error : undefined;
    this.result({
      ok: false,
      error: {
        code: known?.code ?? 'INTERNAL',
        message,
        ...(known?.file !== undefined && { file: known.file }),
        ...(known?.path !== undefined && { path: known.path }),
      },
      ...more,
    });
  }
}

/** Numbers that JSON cannot hold, as Python and JavaScript read them back from strings. */
function jsonNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function wantsColour(streams: Streams): boolean {
  return streams.stdout.isTTY === true && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb';
}

/** A number as tables show it. */
export function formatNumber(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(4)));
}

const plainBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '─',
  'mid-mid': ' ',
  right: '',
  'right-mid': '',
  middle: ' ',
};
