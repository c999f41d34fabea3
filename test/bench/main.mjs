// The benchmark: this package against a copy of the same bytes, JavaScript, tfjs, the canonical graph and Keras in one run,
// and what a constraint adds to a train step.
// Needs a build. `--json` prints one object and nothing else on standard output. A wrong answer ends it with exit code 1.
import { Command, InvalidArgumentError, Option } from 'commander';
import { chooseCases } from './chooseCases.mjs';
import { gatherContenders } from './contenders.mjs';
import { describeMachine, describeVersions } from './machine.mjs';
import { measure, WARM_UP } from './rounds.mjs';
import { gatherStepContenders } from './steps/stepContenders.mjs';
import { formatStepMarkdown, formatSteps, withShares } from './steps/stepTables.mjs';
import { formatMarkdown, formatResults, formatTargets } from './tables.mjs';
import { judgeTargets } from './targets.mjs';
import { product } from './units.mjs';

const options = new Command('bench')
  .description('medians and ratios of projecting weights and of train steps, in one run on this machine')
  .option('--only <part>', 'the cases whose name holds this', parseCases)
  .option('--runs <n>', 'rounds that count', parseRuns, 15)
  .option('--keras [pythons]', 'also Keras, of these interpreters, parted by commas ($PYTHON, python3)')
  .addOption(
    new Option(
      '--browser [vulkan]',
      "also train steps in Chromium, WebGPU on the processor or on the machine's GPU",
    )
      .choices(['software', 'gpu'])
      .preset('software'),
  )
  .option('--json', 'one JSON object')
  .option('--markdown', 'the ratios as the README has them')
  .parse()
  .opts();

const { projections, steps } = options.only ?? chooseCases();
const contenders = await gatherContenders(namePythons(options.keras), options.browser);
const count = projections.length + steps.length;
const results = await measureAll(projections, contenders, 0);
const stepResults = await measureAll(steps, gatherStepContenders(contenders), projections.length);
const machine = describeMachine();
const versions = describeVersions(contenders);
const targets = judgeTargets([...results, ...stepResults]);
if (options.json) printJson();
else printTables();
for (const contender of contenders) await contender.close?.();

async function measureAll(cases, all, before) {
  const measured = [];
  for (const [i, benchCase] of cases.entries()) {
    console.error(`${before + i + 1} of ${count}: ${benchCase.name}`);
    measured.push({ name: benchCase.name, times: await measure(benchCase, all, options.runs) });
  }
  return measured;
}

function printJson() {
  const described = projections.map(({ name, parameters }, i) => ({
    name,
    bytes: parameters.reduce((bytes, { dims }) => bytes + 4 * product(dims), 0),
    contenders: withRatios(results[i].times),
  }));
  const method = { warmUp: WARM_UP, runs: options.runs, unit: 'ms' };
  const trained = stepResults.map(({ name, times }) => ({ name, contenders: withShares(times) }));
  console.log(JSON.stringify({ machine, versions, method, cases: described, steps: trained, targets }));
}

function printTables() {
  if (results.length > 0) console.log(options.markdown ? formatMarkdown(results) : formatResults(results));
  if (stepResults.length > 0) console.log((options.markdown ? formatStepMarkdown : formatSteps)(stepResults));
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
