// `providers`: tells which execution providers work here, and why the others do not.
import { loadNodeOrt } from '../runtime/nodeOrt.js';
import { checkProviders, type ProviderStatus } from '../runtime/providers.js';
import { exitCodes } from './exitCodes.js';
import type { Output } from './output.js';

export interface ProvidersOptions {
  readonly verbose?: boolean;
}

/** How wide the table is where no terminal says. */
const PIPE_WIDTH = 100;

/** Runs the command and returns its exit code, which is 0 also where some providers are absent. */
export async function providersCommand(options: ProvidersOptions, output: Output): Promise<number> {
  const ort = await loadNodeOrt();
  // What it throws stands in the table; it would be printed once more for each session.
  if (options.verbose !== true && ort.env !== undefined) ort.env.logLevel = 'fatal';
  const providers = await checkProviders(ort, 'node');
  const { isTTY, columns } = output.streams.stdout;
  const width = isTTY === true && columns !== undefined ? columns : PIPE_WIDTH;
  output.table(['provider', 'works', 'why not', 'how to mend it'], tableRows(providers, output, width));
  output.result({ ok: true, providers });
  return exitCodes.done;
}

function tableRows(
  providers: readonly ProviderStatus[],
  output: Output,
  width: number,
): readonly (readonly string[])[] {
  const rows = providers.flatMap(({ name, refusal, dtypeRefusals }) => [
    {
      name,
      works: refusal === undefined ? output.paint('green', 'yes') : output.paint('red', 'no'),
      cause: refusal?.cause ?? '',
      remedy: refusal?.remedy ?? '',
    },
    ...dtypeRefusals.map(({ dtype, cause, remedy }) => ({
      name: '',
      works: output.paint('yellow', `not ${dtype}`),
      cause,
      remedy,
    })),
  ]);
  const names = Math.max('provider'.length, ...rows.map(({ name }) => name.length));
  // A space on both sides of each cell and one between two; 'not float64' is the widest in the second column.
  const room = width - names - 'not float64'.length - 4 * 2 - 3;
  const causes = Math.max(longestWord(rows.map(({ cause }) => cause)), Math.floor(room * 0.4));
  const remedies = Math.max(longestWord(rows.map(({ remedy }) => remedy)), room - causes);
  return rows.map(({ name, works, cause, remedy }) => [
    name,
    works,
    wrap(cause, causes),
    wrap(remedy, remedies),
  ]);
}

function longestWord(texts: readonly string[]): number {
  return Math.max(...texts.flatMap((text) => text.split(' ').map((word) => word.length)));
}

/** A text in lines of no more than the width. */
function wrap(text: string, width: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
