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
