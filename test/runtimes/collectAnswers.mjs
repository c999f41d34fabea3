// Runs a runtime's program over cases, again behind each case that ends it, until all are answered.
// Must import Node alone.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const patience = 120_000;
const mostCrashes = 200;

/** @typedef {{ command: string, args: string[], env?: Record<string, string> }} Program */

/**
 * The answers by case. The program is given, behind its arguments, the file of the cases, the file that answers are
 * appended to, and the number of the first case: a JSON object a line in both.
 *
 * @param {Program} program
 * @param {readonly import('./cases.mjs').Case[]} cases
 * @param {string} folder for the two files
 * @returns {Promise<Map<string, any>>}
 */
export async function collectAnswers(program, cases, folder) {
  const asked = join(folder, 'cases.jsonl');
  const answered = join(folder, 'answers.jsonl');
  writeFileSync(
    asked,
    cases
      .map(({ id, model, inputs, outputs }) => `${JSON.stringify({ id, model, inputs, outputs })}\n`)
      .join(''),
  );
  rmSync(answered, { force: true });
  let crashes = 0;
  for (let first = 0; first < cases.length; first = lines(answered).length) {
    const end = await runOnce(program, [asked, answered, String(first)], answered);
    const found = lines(answered).length;
    if (found >= cases.length) break;
    crashes += 1;
    if (found === first && first === 0) throw new Error(end);
    if (crashes > mostCrashes) throw new Error(`ended ${crashes} times, at last: ${end}`);
    appendFileSync(answered, `${JSON.stringify({ id: cases[found].id, error: end })}\n`);
  }
  return new Map(
    lines(answered)
      .map((line) => JSON.parse(line))
      .map((answer) => [answer.id, answer]),
  );
}

function lines(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

/** How the program ended, in words. @returns {Promise<string>} */
function runOnce({ command, args, env = {} }, files, answered) {
  return new Promise((resolve) => {
    const child = spawn(command, [...args, ...files], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    let hung = false;
    child.stderr.on('data', (chunk) => {
      said = (said + chunk).slice(-2000);
    });
    let before = -1;
    const watch = setInterval(() => {
      const now = lines(answered).length;
      hung = now === before;
      before = now;
      if (hung) child.kill('SIGKILL');
    }, patience);
    child.on('error', (error) => {
      clearInterval(watch);
      resolve(error.message);
    });
    child.on('close', (code, signal) => {
      clearInterval(watch);
      const last = said.trim().split('\n').at(-1) || 'without a word';
      resolve(
        hung
          ? `no answer within ${patience / 1000} s`
          : `process ended with ${signal ?? `exit ${code}`}: ${last}`,
      );
    });
  });
}
