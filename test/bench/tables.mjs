// The results as tables: milliseconds, and beneath them the ratio to memcpy.
// Must not import anything from src or dist.
import Table from 'cli-table3';

const onWasm = ['memcpy', 'tfjs wasm', 'ours, wasm'];

/**
 * @param {readonly { name: string, times: Record<string, import('./rounds.mjs').Times> }[]} results
 * @returns {string}
 */
export function formatResults(results) {
  const names = Object.keys(results[0]?.times ?? {});
  const onCpu = names.filter((name) => name !== 'ours, wasm');
  return `${formatTimes(results, 'CPU, ms, ×memcpy', onCpu)}\n${formatTimes(results, 'wasm, ms, ×memcpy', onWasm)}`;
}

/** Ratios to memcpy as a table in Markdown, for the README. @param {Parameters<typeof formatResults>[0]} results */
export function formatMarkdown(results) {
  const names = Object.keys(results[0]?.times ?? {}).filter((name) => name !== 'memcpy');
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const head = ['× memcpy', 'memcpy, ms', ...names];
  const rules = ['---', ...Array(names.length + 1).fill('--:')];
  const rows = results.map(({ name, times }) => {
    const ratios = names.map((contender) => {
      const ratio = digits(times[contender].median / times.memcpy.median);
      return contender.startsWith('ours') ? `**${ratio}**` : ratio;
    });
    return row([name, digits(times.memcpy.median), ...ratios]);
  });
  return [row(head), row(rules), ...rows].join('\n');
}

function formatTimes(results, title, names) {
  const table = plainTable([title, ...names.map((name) => name.replace(/,? /g, '\n'))], names.length);
  for (const { name, times } of results) {
    const cells = names.map((contender) => {
      const { median } = times[contender];
      return `${digits(median)}\n${digits(median / times.memcpy.median)}×`;
    });
    table.push([name.replace(/ (?=[\dA-Z]\w*×|200)/, '\n'), ...cells]);
  }
  return table.toString();
}

/** @param {ReturnType<typeof import('./targets.mjs').judgeTargets>} targets */
export function formatTargets(targets) {
  if (targets.length === 0) return '';
  const table = plainTable(['target', 'wanted', 'found', ''], 2);
  for (const { case: name, contender, against, atMost, aheadBy, found, status } of targets) {
    const wanted = atMost === undefined ? `${aheadBy}× ahead` : `at most ${atMost}×`;
    table.push([
      `${name}: ${contender} / ${against}`,
      wanted,
      found === null ? '' : `${digits(found)}×`,
      status,
    ]);
  }
  return table.toString();
}

function plainTable(head, numbers) {
  const colAligns = ['left', ...Array(numbers).fill('right'), 'left'].slice(0, head.length);
  return new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
}

/** Three digits that count. */
function digits(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
