// Runs every check of this repository and counts the outcomes: `npm run check` here, `.ci/run` with --install.
// Goes on after a failing step. A step whose program is missing is listed as skipped, or fails where CI is set.
// Must import Node alone and what is under test/support: with --install it runs before any package is there.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium, findSoftwareVulkan, hasPython } from './support/programs.mjs';
import { run, Screen } from './support/runLine.mjs';

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} command a line for bash; a vitest step gets its reporters appended
 * @property {boolean} [vitest] its tests are counted one by one
 * @property {boolean} [alongside] runs while the step before it does, and is shown after it
 * @property {() => string | undefined} [missing] why the step cannot run here
 */

/**
 * @typedef {object} Outcome
 * @property {string} name
 * @property {'passed' | 'failed' | 'skipped'} status
 * @property {string} note time taken, or why it was skipped or failed
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} closing vitest's own closing lines
 */

const root = fileURLToPath(new URL('../', import.meta.url));
const inCi = Boolean(process.env.CI);

const asRoot = process.getuid?.() === 0 ? '' : 'sudo ';
/** @param {string[]} packages */
const aptGet = (...packages) =>
  `${asRoot}apt-get update -q && DEBIAN_FRONTEND=noninteractive ${asRoot}apt-get install -q -y --no-install-recommends ${packages.join(' ')}`;

/** @type {Step[]} */
const installing = [
  { name: 'install packages', command: 'npm ci' },
  ...(findChromium() === undefined ? [{ name: 'install Chromium', command: aptGet('chromium') }] : []),
  ...(hasPython() ? [] : [{ name: 'install Python', command: aptGet('python3', 'python3-venv') }]),
  { name: 'install the ONNX checker', command: 'node test/support/python/virtualEnvironment.mjs' },
];

/** @type {Step[]} */
const checking = [
  { name: 'lint and format', command: 'npx biome ci --colors=off --error-on-warnings .' },
  { name: 'types', command: 'npm run types' },
  { name: 'tests', command: 'npm test --', vitest: true },
  { name: 'generated files', command: 'node test/package/checkGenerated.mjs' },
  { name: 'package', command: 'npx vitest run --project package', vitest: true },
  {
    name: 'official ONNX checker',
    command: 'node test/support/python/checkEmitted.mjs',
    missing: () => (hasPython() ? undefined : 'no python3 with venv on the PATH'),
  },
  {
    name: "exported graphs in ONNX's Python package",
    command: 'node test/support/python/checkExports.mjs',
    missing: () => (hasPython() ? undefined : 'no python3 with venv on the PATH'),
  },
  {
    name: 'published graphs on runtimes',
    command: 'node test/runtimes/main.mjs --only checker,reference,onnxruntime,onnxruntime-node',
    missing: () => (hasPython() ? undefined : 'no python3 with venv on the PATH'),
  },
  {
    name: "ONNX's backend test runner",
    command: 'node test/runtimes/backendTests.mjs',
    missing: () => (hasPython() ? undefined : 'no python3 with venv on the PATH'),
  },
  {
    name: 'browser',
    command: 'npx vitest run --project browser',
    vitest: true,
    missing: () => (findChromium() === undefined ? 'no Chromium on the PATH or in $CHROMIUM' : undefined),
  },
  {
    name: 'WebGPU in Node',
    command: 'npx vitest run --project webgpu',
    vitest: true,
    // Both wait for shaders to be compiled, each on one processor.
    alongside: true,
    missing: () => (findSoftwareVulkan() === undefined ? 'no software Vulkan beside Chromium' : undefined),
  },
];

/** @param {string} output @returns {string[]} */
function closingLines(output) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with the escape character
  const plain = output.replace(/\u001b\[[0-9;]*m/g, '');
  return plain
    .split('\n')
    .filter((line) => /^\s*(Test Files|Tests|Type Errors|Errors|Duration)\s{2}/.test(line));
}

/** Tests by outcome from vitest's JSON report; what is skipped in CI counts as failed. @param {string} file */
function countTests(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    const skipped = report.numPendingTests + report.numTodoTests;
    return { passed: report.numPassedTests, failed: report.numFailedTests + (inCi ? skipped : 0) };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

/** @param {Step} step @param {string} folder @param {Screen} screen @returns {Promise<Outcome>} */
async function runStep(step, folder, screen) {
  const { name, vitest = false } = step;
  const reason = step.missing?.();
  if (reason !== undefined && !inCi)
    return { name, status: 'skipped', note: reason, passed: 0, failed: 0, closing: [] };
  if (reason !== undefined)
    return { name, status: 'failed', note: reason, passed: 0, failed: 1, closing: [] };
  screen.line(`\n=== ${name}: ${step.command}`);
  const started = Date.now();
  const report = join(folder, `${name}.json`);
  const reporters = ` --reporter=default --reporter=json --outputFile.json='${report}'`;
  const { ok, output, note } = await run(step.command + (vitest ? reporters : ''), root, screen);
  const counts = vitest ? countTests(report) : { passed: ok ? 1 : 0, failed: 0 };
  if (!ok && counts.failed === 0) counts.failed = 1;
  // A test run that found no test has shown nothing.
  if (ok && counts.passed === 0) counts.failed += 1;
  const status = counts.failed === 0 ? 'passed' : 'failed';
  const seconds = `${((Date.now() - started) / 1000).toFixed(1)} s`;
  const outcome = ok ? seconds : `${seconds}, ${note}`;
  screen.line(`=== ${name}: ${status} in ${outcome}`);
  return { name, status, note: outcome, ...counts, closing: vitest ? closingLines(output) : [] };
}

/** Steps that run at once. @param {readonly Step[]} steps @returns {Step[][]} */
function inGroups(steps) {
  /** @type {Step[][]} */
  const groups = [];
  for (const step of steps) {
    if (step.alongside === true) groups.at(-1)?.push(step);
    else groups.push([step]);
  }
  return groups;
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'check-'));
  const steps = process.argv.includes('--install') ? [...installing, ...checking] : checking;
  /** @type {Outcome[]} */
  const outcomes = [];
  for (const together of inGroups(steps)) {
    const runs = together.map((step, i) => {
      const screen = new Screen(i === 0);
      return { screen, outcome: runStep(step, folder, screen) };
    });
    for (const { screen, outcome } of runs) {
      outcomes.push(await outcome);
      screen.show();
    }
  }
  rmSync(folder, { recursive: true, force: true });

  console.log('\n=== summary');
  for (const { name, status, note } of outcomes) console.log(`${status.padEnd(8)}${name} (${note})`);
  for (const { name, closing } of outcomes) {
    if (closing.length > 0) console.log(`\n${name}\n${closing.join('\n')}`);
  }
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
