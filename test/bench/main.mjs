// The benchmark: this package against a copy of the same bytes, JavaScript, tfjs, the canonical graph and Keras in one run.
// Needs a build. `--json` prints one object and nothing else on standard output. A wrong answer ends it with exit code 1.
import { Command, InvalidArgumentError } from 'commander';
import { chooseCases } from './cases.mjs';
import { gatherContenders } from './contenders.mjs';
import { describeMachine, describeVersions } from './machine.mjs';
import { measure, WARM_UP } from './rounds.mjs';
import { formatMarkdown, formatResults, formatTargets } from './tables.mjs';
import { judgeTargets } from './targets.mjs';
import { product } from './units.mjs';

const options = new Command('bench')
  .description('medians and ratios of projecting weights, in one run on this machine')
  .option('--only <part>', 'the cases whose name holds this', parseCases)
  .option('--runs <n>', 'rounds that count', parseRuns, 15)
  .option('--keras [pythons]', 'also Keras, of these interpreters, parted by commas ($PYTHON, python3)')
  .option('--json', 'one JSON object')
  .option('--markdown', 'the ratios as the README has them')
  .parse()
  .opts();

const cases = options.only ?? chooseCases();
const contenders = await gatherContenders(namePythons(options.keras));
const results = [];
for (const [i, benchCase] of cases.entries()) {
  console.error(`${i + 1} of ${cases.length}: ${benchCase.name}`);
  results.push({ name: benchCase.name, times: await measure(benchCase, contenders, options.runs) });
}
const machine = describeMachine();
const versions = describeVersions(contenders);
const targets = judgeTargets(results);
if (options.json) printJson();
else printTables();
for (const contender of contenders) contender.close?.();

function printJson() {
  const described = cases.map(({ name, parameters }, i) => ({
    name,
    bytes: parameters.reduce((bytes, { dims }) => bytes + 4 * product(dims), 0),
    contenders: withRatios(results[i].times),
  }));
  const method = { warmUp: WARM_UP, runs: options.runs, unit: 'ms' };
  console.log(JSON.stringify({ machine, versions, method, cases: described, targets }));
}

function printTables() {
  console.log(options.markdown ? formatMarkdown(results) : formatResults(results));
  if (!options.markdown) console.log(formatTargets(targets));
  const { processor, cores, memoryGB, platform } = machine;
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  console.log(
    `medians of ${options.runs} rounds on ${processor}, ${cores} cores, ${memoryGB} GB, ${platform}`,
  );
  console.log(used.join(', '));
}

function withRatios(times) {
  const entries = Object.entries(times).map(([name, own]) => [
    name,
    { ...own, toMemcpy: own.median / times.memcpy.median },
  ]);
  return Object.fromEntries(entries);
}

function namePythons(value) {
  if (value === undefined) return [];
  return value === true ? [process.env.PYTHON ?? 'python3'] : value.split(',');
}

function parseCases(part) {
  try {
    return chooseCases(part);
  } catch (error) {
    throw new InvalidArgumentError(error.message);
  }
}

function parseRuns(text) {
  const runs = Number(text);
  if (Number.isInteger(runs) && runs > 0) return runs;
  throw new InvalidArgumentError('a whole number above 0 is needed');
}
