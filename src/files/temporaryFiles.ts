// Temporary files beside targets: their names, which tell who writes them, and the removal of those whose writer is gone.
// Alone with its neighbours in touching node:fs.
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

/** No write takes so long without touching its file. */
const abandonedAfter: number = 24 * 60 * 60 * 1000;

/** The temporary files of all writes under way in this process. */
const underWay = new Set<string>();

/** A name beside the target for a file that `removeTemporaries` removes; `release` it when it is gone. */
export function temporaryBeside(target: string): string {
  const random = randomBytes(6).toString('hex');
  const name = `.${basename(target)}.${machine()}-${process.pid}-${random}.tmp`;
  const file = join(dirname(target), name);
  // Before the file is there: once it is, an interruption must find it.
  underWay.add(file);
  return file;
}

/** Takes a temporary file from the list that `removeTemporaries` removes. */
export function releaseTemporary(file: string): void {
  underWay.delete(file);
}

/** Removes what writes under way have left so far, at once: for a process that is about to end. */
export function removeTemporaries(): void {
  for (const file of underWay) rmSync(file, { force: true });
}

/**
 * Removes temporary files of the target whose writer was killed: by their names, of a process that this machine no
 * longer runs; those of other machines once nobody has touched them for a day. What cannot be looked at stays.
 */
export function removeStaleTemporaries(target: string): void {
  const whole = resolve(target);
  const folder = dirname(whole);
  for (const name of namesIn(folder)) {
    const writer = writerOf(name, basename(whole));
    const file = join(folder, name);
    if (writer !== undefined && !underWay.has(file)) removeIfStale(file, writer);
  }
}

interface Writer {
  readonly machine: string;
  readonly pid: number;
}

function writerOf(name: string, target: string): Writer | undefined {
  const prefix = `.${target}.`;
  if (!name.startsWith(prefix)) return undefined;
  const found = /^([0-9a-f]{12})-([1-9]\d*)-[0-9a-f]{12}\.tmp$/.exec(name.slice(prefix.length));
  return found === null ? undefined : { machine: found[1] as string, pid: Number(found[2]) };
}

function removeIfStale(file: string, writer: Writer): void {
  try {
    const stats = lstatSync(file);
    const isAbandoned = Date.now() - stats.mtimeMs > abandonedAfter;
    const isDead = writer.machine === machine() && !isRunning(writer.pid);
    if (stats.isFile() && (isDead || isAbandoned)) rmSync(file, { force: true });
  } catch {
    // Another process may have removed it first; whoever may not, leaves it.
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // A process of another user is one that runs.
    return (cause as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

let known: string | undefined;

/** What tells processes of one number apart: the machine, since when it runs, and on Linux the container. */
function machine(): string {
  known ??= createHash('sha256')
    .update([hostname(), ...systemMarks()].join('\n'))
    .digest('hex')
    .slice(0, 12);
  return known;
}

function systemMarks(): readonly string[] {
  try {
    return [readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'), readlinkSync('/proc/self/ns/pid')];
  } catch {
    return [];
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
