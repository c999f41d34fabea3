// Train steps as tables: how much longer a step takes than the one without constraint, and how many are taken in a second.
// Must not import anything from src or dist.
import Table from 'cli-table3';

const PLAIN = 'plain step';

/** What each contender takes: `share`, as a part of the plain step's time, and `perSecond`. */
export function withShares(times) {
  const entries = Object.entries(times).map(([name, own]) => [
    name,
    { ...own, share: own.median / times[PLAIN].median - 1, perSecond: 1000 / own.median },
  ]);
  return Object.fromEntries(entries);
}

/** @param {readonly { name: string, times: Record<string, import('../rounds.mjs').Times> }[]} results */
export function formatSteps(results) {
  const names = namesOf(results);
  const head = [
    'ms, more than\nthe plain step,\nsteps a second',
    ...names.map((name) => name.replace(/,? /g, '\n')),
  ];
  const colAligns = ['left', ...names.map(() => 'right')];
  const table = new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
  for (const { name, times } of results)
    table.push([name.replace(', ', ',\n'), ...cellsOf(names, times, '\n')]);
  return table.toString();
}

/** @param {Parameters<typeof formatSteps>[0]} results */
export function formatStepMarkdown(results) {
  const names = namesOf(results);
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const head = ['ms a step, share, steps a second', ...names];
  const rows = results.map(({ name, times }) => row([name, ...cellsOf(names, times, ', ')]));
  return [row(head), row(['---', ...names.map(() => '--:')]), ...rows].join('\n');
}

/** Everyone who takes one of the steps. */
function namesOf(results) {
  return [...new Set(results.flatMap(({ times }) => Object.keys(times)))];
}

function cellsOf(names, times, separator) {
  const shares = withShares(times);
  return names.map((name) => {
    if (shares[name] === undefined) return '';
    const { median, share, perSecond } = shares[name];
    const more = name === PLAIN ? [] : [`${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)} %`];
    return [median.toPrecision(3), ...more, perSecond.toPrecision(3)].join(separator);
  });
}
