// What the programs that run JavaScript runtimes share: cases in, answers out, a JSON object a line.
// Must import Node alone.
import { appendFileSync, readFileSync } from 'node:fs';

/**
 * Answers the cases of the file from the line `first` on.
 * @param {string[]} files the last three arguments of the program
 * @param {(one: any) => Promise<any[]>} run gives the outputs of a case
 */
export async function answerLines([cases, answers, first], run) {
  const all = readFileSync(cases, 'utf8').split('\n').filter(Boolean);
  for (const line of all.slice(Number(first))) {
    const one = JSON.parse(line);
    let answer;
    try {
      answer = { id: one.id, outputs: await run(one) };
    } catch (error) {
      // Whatever a runtime says is its answer to this case.
      answer = { id: one.id, error: error instanceof Error ? error.message : String(error) };
    }
    appendFileSync(answers, `${JSON.stringify(answer)}\n`);
  }
}
