// `apply` on a model with external data, interrupted while it writes: the original is untouched, and of the output
// there is all or nothing.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { readModel } from '../../src/node.js';
import { delimited, initializer, varint } from '../onnx/wire.js';
import { fixturePath } from '../support/fixtureModels.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const folder = temporaryFolder();
const home = join(folder, 'home');
const away = join(folder, 'away');
const file = join(home, 'model.onnx');
const originals = ['ballast.bin', 'model.onnx', 'weights.bin'];
let before: Readonly<Record<string, Buffer>>;
/** How long a run takes when nothing stops it, in milliseconds. */
let duration: number;

/** The digits model, its weights in one data file and a tensor in another that takes a while to copy. */
beforeAll(async () => {
  mkdirSync(home);
  const model = await readModel(fixturePath('digits_cnn/tensorflow.onnx'));
  const { bytes, data } = model.encodeWithData({ location: 'weights.bin', threshold: 1024 });
  const ballast = 100_000_000;
  const location = delimited(13, delimited(1, 'location'), delimited(2, 'ballast.bin'));
  const added = delimited(
    7,
    initializer({ name: 'ballast', dims: [ballast], type: 2 }, location, varint(14, 1)),
  );
  // Protobuf merges what follows into the same graph.
  writeFileSync(file, Buffer.concat([bytes, added]));
  writeFileSync(join(home, 'weights.bin'), Buffer.concat([...data]));
  writeFileSync(join(home, 'ballast.bin'), Buffer.alloc(ballast, 'ballast'));
  before = contents();
  const started = performance.now();
  mkdirSync(away);
  expect(await apply(join(away, 'out.onnx'))).toBe(0);
  duration = performance.now() - started;
}, 60_000);

function contents(): Readonly<Record<string, Buffer>> {
  return Object.fromEntries(originals.map((name) => [name, readFileSync(join(home, name))]));
}

function expectOriginals(): void {
  const now = contents();
  for (const name of originals) expect(now[name]?.equals(before[name] as Buffer), name).toBe(true);
}

/** Runs the program; sends the signal once `moment` is over. */
async function apply(
  out: string,
  moment?: () => Promise<unknown>,
  signal: NodeJS.Signals = 'SIGINT',
): Promise<number | null> {
  const config = fixturePath('digits_cnn/model.keras');
  const child = spawn(process.execPath, [
    program,
    'apply',
    file,
    '--config',
    config,
    '--out',
    out,
    '--force',
  ]);
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  if (moment !== undefined) {
    await Promise.race([moment(), closed]);
    child.kill(signal);
  }
  return closed;
}

/** Until the folder holds a file whose name fits. */
async function appears(where: string, name: RegExp): Promise<void> {
  for (let tries = 0; tries < 20_000; tries += 1) {
    if (readdirSync(where).some((found) => name.test(found))) return;
    await wait(1);
  }
}

function emptyAway(): void {
  rmSync(away, { recursive: true, force: true });
  mkdirSync(away);
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s while the data is written leaves nothing',
  async (signal) => {
    const codes = new Set<number | null>();
    for (const delay of [0, 5, 20, 50]) {
      emptyAway();
      const moment = () => appears(away, /^\.out\.onnx\.data\..*\.tmp$/).then(() => wait(delay));
      codes.add(await apply(join(away, 'out.onnx'), moment, signal));
      expectWholeOrAbsent();
      expectOriginals();
    }
    expect([0, 130]).toEqual(expect.arrayContaining([...codes]));
    expect(codes).toContain(130);
  },
  60_000,
);

test('SIGINT at any moment', async () => {
  for (let part = 1; part <= 8; part += 1) {
    emptyAway();
    // Before the program has set its handler the signal itself ends it, which Node reports as null.
    expect([0, 130, null]).toContain(await apply(join(away, 'out.onnx'), () => wait((duration * part) / 8)));
    expectWholeOrAbsent();
    expectOriginals();
  }
}, 60_000);

function expectWholeOrAbsent(): void {
  expect([[], ['out.onnx', 'out.onnx.data']]).toContainEqual(readdirSync(away).sort());
}

test('a data file cut in the middle is refused and leaves nothing', async () => {
  emptyAway();
  truncateSync(join(home, 'ballast.bin'), 60_000_000);
  expect(await apply(join(away, 'out.onnx'))).toBe(2);
  expect(readdirSync(away)).toEqual([]);
  writeFileSync(join(home, 'ballast.bin'), before['ballast.bin'] as Buffer);
});

test('SIGINT while the model is replaced by itself leaves the old or the new, never a mixture', async () => {
  const isOld = (bytes: Buffer | undefined) => bytes?.equals(before['model.onnx'] as Buffer) === true;
  for (let part = 4; part <= 8; part += 1) {
    await apply(file, () => wait((duration * part) / 8));
    const now = contents();
    const names = readdirSync(home).sort();
    for (const name of ['ballast.bin', 'weights.bin'])
      expect(now[name]?.equals(before[name] as Buffer), name).toBe(true);
    expect(names).toEqual(
      isOld(now['model.onnx']) ? originals : ['ballast.bin', 'model.onnx', 'model.onnx.data', 'weights.bin'],
    );
    writeFileSync(file, before['model.onnx'] as Buffer);
    rmSync(join(home, 'model.onnx.data'), { force: true });
  }
}, 60_000);
