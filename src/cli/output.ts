// What commands print: tables and messages for people, one JSON object for programs.

import { stripVTControlCharacters } from 'node:util';
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
    this.line(this.#layOut(head, rows));
  }

  /**
   * A table with one column of names that may be cut to what a narrow terminal leaves it.
   *
   * @param longest the length of the longest name
   * @param rowsAt the rows, with names at most so many characters long
   */
  fittedTable(
    head: readonly string[],
    longest: number,
    rowsAt: (nameWidth: number) => readonly (readonly string[])[],
  ): void {
    const { isTTY, columns } = this.streams.stdout;
    const whole = this.#layOut(head, rowsAt(longest));
    const tooWide = isTTY === true && columns !== undefined ? widthOf(whole) - columns : 0;
    const fitted = tooWide > 0 ? this.#layOut(head, rowsAt(Math.max(16, longest - tooWide))) : whole;
    this.line(fitted);
  }

  #layOut(head: readonly string[], rows: readonly (readonly string[])[]): string {
    const table = new Table({
      head: head.map((title) => this.paint('bold', title)),
      style: { head: [], border: [], compact: true },
      chars: plainBorders,
    });
    for (const row of rows) table.push([...row]);
    return table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n');
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

/** The width of the longest line, colours not counted. */
function widthOf(text: string): number {
  return Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.length),
  );
}

/** A text with its middle left out where it is wider than the width. */
export function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  const kept = width - 1;
  return `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(text.length - Math.floor(kept / 2))}`;
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
