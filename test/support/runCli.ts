// Runs a command of the program in this process, with its output kept.
import { run } from '../../src/cli/program.js';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runCli(...argv: readonly string[]): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  const code = await run(
    argv,
    { stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) } },
    '0.0.0-test',
  );
  return { code, stdout, stderr };
}
