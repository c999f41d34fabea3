// The logs of each epoch as a table, as keras.callbacks.CSVLogger.
// Must not import other folders of fit.
import { UsageError } from '../../graph/errors.js';
import type { Callback, FitContext, Logs } from './callback.js';

export interface CsvLoggerArgs {
  /** The file, written whole after each epoch. Node only. */
  readonly file?: string;
  /** Takes the whole table after each epoch, in place of a file. */
  readonly write?: (table: string) => void | Promise<void>;
  /** Default `,`. */
  readonly separator?: string;
}

/**
 * Writes a line for each epoch: its number, and the logs in the order of their names.
 *
 * The columns are those of the first epoch; where a later one lacks a number, `NA` stands.
 *
 * @throws {UsageError} where there is neither a file nor `write`, or both
 */
export function csvLogger({ file, write, separator = ',' }: CsvLoggerArgs): Callback {
  if ((file === undefined) === (write === undefined)) {
    throw new UsageError('csvLogger takes file or write, one of them');
  }
  let lines: string[] = [];
  let keys: readonly string[] | undefined;
  const line = (cells: readonly string[]): void => {
    lines.push(cells.map((cell) => quoted(cell, separator)).join(separator));
  };
  return {
    onTrainBegin(context: FitContext): void {
      if (file !== undefined && context.writeFile === undefined) {
        throw new UsageError('csvLogger: only Node has files; give write');
      }
      [lines, keys] = [[], undefined];
    },
    async onEpochEnd(epoch: number, logs: Logs, context: FitContext): Promise<void> {
      if (keys === undefined) {
        keys = columnsOf(logs);
        line(['epoch', ...keys]);
      }
      line([String(epoch), ...keys.map((key) => String(logs[key] ?? 'NA'))]);
      const table = `${lines.join('\r\n')}\r\n`;
      if (file !== undefined) await context.writeFile?.(file, new TextEncoder().encode(table));
      await write?.(table);
    },
  };
}

/** Columns for validation are kept free where the first epoch has none, as in Keras. */
function columnsOf(logs: Logs): readonly string[] {
  const keys = Object.keys(logs).sort();
  return keys.some((key) => key.startsWith('val_')) ? keys : [...keys, ...keys.map((key) => `val_${key}`)];
}

function quoted(cell: string, separator: string): string {
  const needsQuotes = [separator, '"', '\n', '\r'].some((mark) => cell.includes(mark));
  return needsQuotes ? `"${cell.replaceAll('"', '""')}"` : cell;
}
