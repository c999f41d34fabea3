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
  /** Go on with the table that the file holds, as when a training goes on. Default false: a new table takes its place. */
  readonly append?: boolean;
}

/**
 * Writes a line for each epoch: its number, and the logs in the order of their names.
 *
 * The columns are those of the first epoch, or of the file that is gone on with; where an epoch lacks a number, `NA` stands.
 *
 * @throws {UsageError} where there is neither a file nor `write`, or both; where the file that is gone on with has no
 *   column for a number of the logs
 */
export function csvLogger({ file, write, separator = ',', append = false }: CsvLoggerArgs): Callback {
  if ((file === undefined) === (write === undefined)) {
    throw new UsageError('csvLogger takes file or write, one of them');
  }
  if (append && file === undefined) throw new UsageError('csvLogger: append is for files');
  let lines: string[] = [];
  let keys: readonly string[] | undefined;
  const line = (cells: readonly string[]): void => {
    lines.push(cells.map((cell) => quoted(cell, separator)).join(separator));
  };
  return {
    async onTrainBegin(context: FitContext): Promise<void> {
      if (file !== undefined && context.writeFile === undefined) {
        throw new UsageError('csvLogger: only Node has files; give write');
      }
      [lines, keys] = [[], undefined];
      const found = append && file !== undefined ? await context.readFile?.(file) : undefined;
      lines = new TextDecoder()
        .decode(found)
        .split(/\r?\n/)
        .filter((text) => text !== '');
    },
    async onEpochEnd(epoch: number, logs: Logs, context: FitContext): Promise<void> {
      const [head] = lines;
      if (keys === undefined && head !== undefined) keys = columnsOfTable(head, logs, separator, file);
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

/** The columns of a table that is there, but for the epoch, which is its first. */
function columnsOfTable(
  head: string,
  logs: Logs,
  separator: string,
  file: string | undefined,
): readonly string[] {
  const columns = head.split(separator).map((cell) => cell.replace(/^"(.*)"$/, '$1').replaceAll('""', '"'));
  const missing = Object.keys(logs).find((key) => !columns.includes(key));
  if (columns[0] === 'epoch' && missing === undefined) return columns.slice(1);
  throw new UsageError(
    `csvLogger: the table has the columns ${columns.join(', ')}; to go on with it, they must be epoch and ${Object.keys(logs).join(', ')}`,
    { file },
  );
}

function quoted(cell: string, separator: string): string {
  const needsQuotes = [separator, '"', '\n', '\r'].some((mark) => cell.includes(mark));
  return needsQuotes ? `"${cell.replaceAll('"', '""')}"` : cell;
}
