// What killed writers leave beside a target is removed by the next write; what may still be written is not.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFileAtomic } from '../../src/files/atomicWrite.js';
import { releaseTemporary, temporaryBeside } from '../../src/files/temporaryFiles.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
const bytes = Uint8Array.of(1, 2, 3);
let targets = 0;

/** A target that no write has looked after yet. */
function freshTarget(): string {
  targets += 1;
  return join(folder, `target${targets}.bin`);
}

/** The name that a temporary file of another process has. */
function nameOf(target: string, pid: number): string {
  const own = temporaryBeside(target);
  releaseTemporary(own);
  return join(dirname(own), basename(own).replace(`-${process.pid}-`, `-${pid}-`));
}

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--eval', '']);
  await new Promise((resolve) => child.on('close', resolve));
  return child.pid as number;
}

test('a file of a process that has ended is removed', async () => {
  const target = freshTarget();
  const stale = nameOf(target, await deadPid());
  writeFileSync(stale, bytes);
  await writeFileAtomic(target, bytes);
  expect(readdirSync(folder).filter((name) => name.includes(basename(target)))).toEqual([basename(target)]);
});

test('those that may still be written stay', async () => {
  const target = freshTarget();
  const pid = await deadPid();
  const running = nameOf(target, process.ppid);
  const elsewhere = nameOf(target, pid).replace(/\.[0-9a-f]{12}-/, '.0123456789ab-');
  const others = [
    running,
    elsewhere,
    nameOf(`${target}.data`, pid),
    join(folder, `.${basename(target)}.notes.tmp`),
    nameOf(target, pid).replace(/tmp$/, 'txt'),
  ];
  for (const file of others) writeFileSync(file, bytes);
  const link = nameOf(target, pid);
  symlinkSync(running, link);
  await writeFileAtomic(target, bytes);
  for (const file of [...others, link]) expect(existsSync(file)).toBe(true);
});

test('one of another machine is removed once nobody has touched it for a day', async () => {
  const target = freshTarget();
  const [old, recent] = [0, 1].map(() =>
    nameOf(target, process.pid).replace(/\.[0-9a-f]{12}-/, '.0123456789ab-'),
  ) as [string, string];
  for (const file of [old, recent]) writeFileSync(file, bytes);
  const hours = (count: number): Date => new Date(Date.now() - count * 3_600_000);
  utimesSync(old, hours(25), hours(25));
  utimesSync(recent, hours(23), hours(23));
  await writeFileAtomic(target, bytes);
  expect([existsSync(old), existsSync(recent)]).toEqual([false, true]);
});

test('writes of one process to one target leave each other alone', async () => {
  const target = freshTarget();
  await Promise.all(Array.from({ length: 8 }, () => writeFileAtomic(target, bytes)));
  expect(readdirSync(folder).filter((name) => name.includes(`${basename(target)}`))).toEqual([
    basename(target),
  ]);
});
