// Runs the exported graphs on every runtime that can be had here: `npm run verify:runtimes` writes the table of
// models/README.md; with --only a,b it prints what it found and fails where one of these runtimes does not pass.
// Needs a build.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { replaceTables } from '../../models/runtimesSection.mjs';
import { makeCases } from './cases.mjs';
import { collectAnswers } from './collectAnswers.mjs';
import { workFolder } from './environment.mjs';
import { judge, unexpected } from './judge.mjs';
import { runtimes } from './runtimes.mjs';
import { runShardedExample } from './shardedExample.mjs';
import { formatTables } from './table.mjs';

const index = fileURLToPath(new URL('../../models/README.md', import.meta.url));
const { values } = parseArgs({
  options: { only: { type: 'string' }, print: { type: 'boolean', default: false } },
});
const chosen = choose(values.only);
const cases = makeCases(join(workFolder, 'cases'));
console.log(`${cases.length} cases`);

/** What a checker's silence means. @type {import('./judge.mjs').Verdict} */
const accepted = { status: 'pass', error: 0, words: '' };

const ran = [];
const notRun = [];
for (const runtime of chosen) {
  const started = Date.now();
  try {
    const result = await ask(runtime);
    ran.push(result);
    const seconds = ((Date.now() - started) / 1000).toFixed(0);
    console.log(`${runtime.name} ${result.version}: ${summary(result)} in ${seconds} s`);
  } catch (error) {
    notRun.push({ name: runtime.name, reason: error.message.replace(/\s+/g, ' ') });
    console.log(`${runtime.name}: not run: ${error.message}`);
  }
}

if (values.only === undefined && !values.print) {
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(
    index,
    replaceTables(readFileSync(index, 'utf8'), formatTables(ran, notRun, date, sharded())),
  );
  console.log('models/README.md tells it');
} else if (values.print) console.log(formatTables(ran, notRun, 'this machine', 'Not asked.'));
if (values.only !== undefined) process.exitCode = failures() > 0 ? 1 : 0;

function sharded() {
  try {
    const words = runShardedExample();
    console.log(words);
    return `\`test/examples/ray_projection.py\`, with the graphs of phase partial and finish: ${words}.`;
  } catch (error) {
    console.log(error.message);
    return `Not run: ${error.message.replace(/\s+/g, ' ')}`;
  }
}

/** @param {string | undefined} only */
function choose(only) {
  const keys = only?.split(',') ?? runtimes.map(({ key }) => key);
  return keys.map((key) => {
    const runtime = runtimes.find((one) => one.key === key);
    if (runtime === undefined) {
      throw new Error(`no runtime ${key}; there are ${runtimes.map((one) => one.key).join(', ')}`);
    }
    return runtime;
  });
}

/** @param {import('./runtimes.mjs').Runtime} runtime */
async function ask({ key, name, note, whole, checks = false, lacks = [], prepare }) {
  const { version, program } = prepare();
  const folder = join(workFolder, key);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const asked = cases.filter(({ sample }) => whole || sample);
  const answers = await collectAnswers(program, asked, folder);
  const judged = asked.map((one) => {
    const answer = answers.get(one.id);
    const verdict = checks && answer?.outputs !== undefined ? accepted : judge(one, answer);
    return { case: one, verdict };
  });
  return { name, version, note, checks, lacks, judged };
}

function summary({ judged }) {
  const count = (status) => judged.filter(({ verdict }) => verdict.status === status).length;
  const errors = judged.map(({ verdict }) => verdict.error).filter(Number.isFinite);
  const largest = errors.length > 0 ? Math.max(...errors).toExponential(1) : 'none';
  const parts = [
    `${count('pass')} of ${judged.length} pass`,
    `${count('wrong')} wrong`,
    `${count('refused')} refused`,
  ];
  return `${parts.join(', ')}; largest error ${largest}`;
}

/** How many cases do not end as they should, and runtimes that could not be run; the first cases are told. */
function failures() {
  const failing = ran.flatMap((runtime) =>
    unexpected(runtime).map(({ case: one, verdict }) => ({ name: runtime.name, one, verdict })),
  );
  for (const { name, one, verdict } of failing.slice(0, 20)) {
    console.error(
      `${name}: ${one.id} ${one.constraint} ${one.dtype} opset ${one.opset}: ${verdict.status}: ${verdict.words}`,
    );
  }
  return failing.length + notRun.length;
}
