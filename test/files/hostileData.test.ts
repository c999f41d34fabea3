// Models crafted to reach files they should not, or to make the reader wait or fill the memory: each is refused
// with its message, at once and in little memory.
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ConstraintError, UnsupportedError } from '../../src/graph/errors.js';
import { readModel, writeModel } from '../../src/node.js';
import { delimited, initializer, modelWith, varint } from '../onnx/wire.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
const home = join(folder, 'home');
const elsewhere = join(folder, 'elsewhere');

interface Claim {
  readonly entries: Readonly<Record<string, string>>;
  readonly dims?: (number | bigint)[];
}

function modelBytes(...claims: readonly Claim[]): Uint8Array {
  return modelWith(
    ...claims.map(({ entries, dims = [4] }, i) =>
      initializer(
        { name: `w${i}`, dims },
        ...Object.entries(entries).map(([key, value]) =>
          delimited(13, delimited(1, key), delimited(2, value)),
        ),
        varint(14, 1),
      ),
    ),
  );
}

/** Reads all tensors, and writes the model to another folder; gives what each was refused with. */
async function useModel(bytes: Uint8Array): Promise<readonly unknown[]> {
  const file = join(home, 'model.onnx');
  writeFileSync(file, bytes);
  const out = join(elsewhere, 'out.onnx');
  const attempts = [
    async () => (await readModel(file)).tensors().map((tensor) => tensor.read()),
    async () => writeModel(await readModel(file), out),
  ];
  return Promise.all(
    attempts.map((attempt) =>
      attempt().then(
        () => 'accepted',
        (error: unknown) => error,
      ),
    ),
  );
}

beforeAll(() => {
  mkdirSync(join(home, 'sub'), { recursive: true });
  mkdirSync(elsewhere);
  writeFileSync(join(home, 'data.bin'), new Uint8Array(64));
  writeFileSync(join(folder, 'secret.bin'), new Uint8Array(64));
  symlinkSync(join(folder, 'secret.bin'), join(home, 'link.bin'));
  symlinkSync(folder, join(home, 'up'));
  symlinkSync('loop.bin', join(home, 'loop.bin'));
  symlinkSync('/dev/zero', join(home, 'zero.bin'));
  symlinkSync('data.bin', join(home, 'inner.bin'));
  execFileSync('mkfifo', [join(home, 'pipe.bin')]);
  // A file may say that it is large without taking room on the disk.
  writeFileSync(join(home, 'sparse.bin'), '');
  truncateSync(join(home, 'sparse.bin'), 2 ** 43);
});

const refused: readonly (readonly [string, Claim, RegExp])[] = [
  ['a path with ..', { entries: { location: '../secret.bin' } }, /leads out of the folder/],
  ['a path with .. inside', { entries: { location: 'sub/../../secret.bin' } }, /leads out of the folder/],
  ['an absolute path', { entries: { location: '/etc/passwd' } }, /is absolute/],
  ['a path with backslashes', { entries: { location: '..\\secret.bin' } }, /holds a backslash/],
  ['a Windows path', { entries: { location: 'C:/secret.bin' } }, /holds a backslash, colon/],
  ['a path with a zero byte', { entries: { location: 'data.bin\0.txt' } }, /zero byte/],
  ['an endless path', { entries: { location: 'a/'.repeat(50_000).concat('b') } }, /data file of the model/],
  ['no path', { entries: {} }, /without a location/],
  ['a link out of the folder', { entries: { location: 'link.bin' } }, /lies outside the folder/],
  ['a linked folder out of it', { entries: { location: 'up/secret.bin' } }, /lies outside the folder/],
  ['a link to a device', { entries: { location: 'zero.bin' } }, /lies outside the folder/],
  ['a link to itself', { entries: { location: 'loop.bin' } }, /data file of the model/],
  ['a missing file', { entries: { location: 'none.bin' } }, /does not exist/],
  ['a folder', { entries: { location: 'sub' } }, /is no plain file/],
  ['a pipe', { entries: { location: 'pipe.bin' } }, /is no plain file/],
  ['an offset past the end', { entries: { location: 'data.bin', offset: '64' } }, /which has 64/],
  ['a range past the end', { entries: { location: 'data.bin', offset: '52' } }, /bytes 52 to 68/],
  ['the largest offset', { entries: { location: 'data.bin', offset: '9007199254740991' } }, /which has 64/],
  [
    'an offset beyond 2^53',
    { entries: { location: 'data.bin', offset: '9007199254740993' } },
    /offset "9007/,
  ],
  ['an offset beyond 2^64', { entries: { location: 'data.bin', offset: '18446744073709551616' } }, /offset/],
  ['a negative offset', { entries: { location: 'data.bin', offset: '-16' } }, /offset "-16"; a whole number/],
  ['an offset that is no number', { entries: { location: 'data.bin', offset: '0x10' } }, /offset "0x10"/],
  ['a negative length', { entries: { location: 'data.bin', length: '-16' } }, /length "-16"; a whole number/],
  ['a length that is not the dims', { entries: { location: 'data.bin', length: '20' } }, /of 20 bytes/],
  ['dims beyond the file', { entries: { location: 'data.bin' }, dims: [2 ** 40] }, /which has 64/],
  ['dims that overflow', { entries: { location: 'data.bin' }, dims: [2 ** 40, 2 ** 40] }, /can be counted/],
  [
    'dims that overflow to 0 in 64 bits',
    { entries: { location: 'data.bin' }, dims: [2n ** 32n, 2n ** 32n] },
    /can be counted/,
  ],
  ['a dim beyond 2^53', { entries: { location: 'data.bin' }, dims: [2n ** 60n] }, /beyond the integers/],
  ['a negative dim', { entries: { location: 'data.bin' }, dims: [-4n] }, /dims\[0\] is -4/],
];

describe('refused', () => {
  test.each(refused)('%s', async (_, claim, message) => {
    const before = process.memoryUsage().rss;
    const started = performance.now();
    for (const outcome of await useModel(modelBytes(claim))) {
      expect(outcome).toBeInstanceOf(ConstraintError);
      expect((outcome as Error).message).toMatch(message);
    }
    expect(performance.now() - started).toBeLessThan(1000);
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  });

  test('a tensor of terabytes in a file that has them', async () => {
    const file = join(home, 'model.onnx');
    writeFileSync(file, modelBytes({ entries: { location: 'sparse.bin', offset: '4096' }, dims: [2 ** 40] }));
    const [tensor] = (await readModel(file)).tensors();
    expect(() => tensor?.read()).toThrow(UnsupportedError);
    expect(() => tensor?.read()).toThrow(/more than can be in memory at once/);
  });
});

test('accepted: a link within the folder', async () => {
  expect(await useModel(modelBytes({ entries: { location: 'inner.bin' } }))).toEqual([
    'accepted',
    'accepted',
  ]);
});
