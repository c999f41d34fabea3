// Zip archives: entries out, one entry replaced, and archives that lie.
import { deflateRawSync } from 'node:zlib';
import { unzipSync, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/graph/errors.js';
import { unzipEntries } from '../../src/keras/zipArchive.js';
import { replaceEntry } from '../../src/keras/zipReplace.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const names = ['first.txt', 'middle.bin', 'last.txt'];

/**
 * Written by Python's zipfile, as Keras writes archives, each with the entries first.txt ("one"), middle.bin
 * ("0123456789" four times) and last.txt ("three") and a comment: seekable files and streams (sizes behind the data),
 * with and without force_zip64 (sizes in an extra field), stored and deflated.
 */
const archives: readonly (readonly [string, string])[] = [
  [
    'seekable, wide, stored',
    'UEsDBC0AAAAAAIMYIljxhmx6//////////8JABQAZmlyc3QudHh0AQAQAAMAAAAAAAAAAwAAAAAAAABvbmVQSwMELQAAAAAAgxgiWEk8Rqb//////////woAFABtaWRkbGUuYmluAQAQACgAAAAAAAAAKAAAAAAAAAAwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5UEsDBC0AAAAAAIMYIlj12MVG//////////8IABQAbGFzdC50eHQBABAABQAAAAAAAAAFAAAAAAAAAHRocmVlUEsBAi0DLQAAAAAAgxgiWPGGbHoDAAAAAwAAAAkAAAAAAAAAAAAAAIABAAAAAGZpcnN0LnR4dFBLAQItAy0AAAAAAIMYIlhJPEamKAAAACgAAAAKAAAAAAAAAAAAAACAAT4AAABtaWRkbGUuYmluUEsBAi0DLQAAAAAAgxgiWPXYxUYFAAAABQAAAAgAAAAAAAAAAAAAAIABogAAAGxhc3QudHh0UEsFBgAAAAADAAMApQAAAOEAAAAJAGEgY29tbWVudA==',
  ],
  [
    'seekable, wide, deflated',
    'UEsDBC0AAAAIAIMYIljxhmx6//////////8JABQAZmlyc3QudHh0AQAQAAMAAAAAAAAABQAAAAAAAADLz0sFAFBLAwQtAAAACACDGCJYSTxGpv//////////CgAUAG1pZGRsZS5iaW4BABAAKAAAAAAAAAAPAAAAAAAAADMwNDI2MTUzt7A0wMsCAFBLAwQtAAAACACDGCJY9djFRv//////////CAAUAGxhc3QudHh0AQAQAAUAAAAAAAAABwAAAAAAAAAryShKTQUAUEsBAi0DLQAAAAgAgxgiWPGGbHoFAAAAAwAAAAkAAAAAAAAAAAAAAIABAAAAAGZpcnN0LnR4dFBLAQItAy0AAAAIAIMYIlhJPEamDwAAACgAAAAKAAAAAAAAAAAAAACAAUAAAABtaWRkbGUuYmluUEsBAi0DLQAAAAgAgxgiWPXYxUYHAAAABQAAAAgAAAAAAAAAAAAAAIABiwAAAGxhc3QudHh0UEsFBgAAAAADAAMApQAAAMwAAAAJAGEgY29tbWVudA==',
  ],
  [
    'seekable, narrow, stored',
    'UEsDBBQAAAAAAIMYIljxhmx6AwAAAAMAAAAJAAAAZmlyc3QudHh0b25lUEsDBBQAAAAAAIMYIlhJPEamKAAAACgAAAAKAAAAbWlkZGxlLmJpbjAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODlQSwMEFAAAAAAAgxgiWPXYxUYFAAAABQAAAAgAAABsYXN0LnR4dHRocmVlUEsBAhQDFAAAAAAAgxgiWPGGbHoDAAAAAwAAAAkAAAAAAAAAAAAAAIABAAAAAGZpcnN0LnR4dFBLAQIUAxQAAAAAAIMYIlhJPEamKAAAACgAAAAKAAAAAAAAAAAAAACAASoAAABtaWRkbGUuYmluUEsBAhQDFAAAAAAAgxgiWPXYxUYFAAAABQAAAAgAAAAAAAAAAAAAAIABegAAAGxhc3QudHh0UEsFBgAAAAADAAMApQAAAKUAAAAJAGEgY29tbWVudA==',
  ],
  [
    'seekable, narrow, deflated',
    'UEsDBBQAAAAIAIMYIljxhmx6BQAAAAMAAAAJAAAAZmlyc3QudHh0y89LBQBQSwMEFAAAAAgAgxgiWEk8RqYPAAAAKAAAAAoAAABtaWRkbGUuYmluMzA0MjYxNTO3sDTAywIAUEsDBBQAAAAIAIMYIlj12MVGBwAAAAUAAAAIAAAAbGFzdC50eHQryShKTQUAUEsBAhQDFAAAAAgAgxgiWPGGbHoFAAAAAwAAAAkAAAAAAAAAAAAAAIABAAAAAGZpcnN0LnR4dFBLAQIUAxQAAAAIAIMYIlhJPEamDwAAACgAAAAKAAAAAAAAAAAAAACAASwAAABtaWRkbGUuYmluUEsBAhQDFAAAAAgAgxgiWPXYxUYHAAAABQAAAAgAAAAAAAAAAAAAAIABYwAAAGxhc3QudHh0UEsFBgAAAAADAAMApQAAAJAAAAAJAGEgY29tbWVudA==',
  ],
  [
    'streamed, wide, stored',
    'UEsDBC0ACAAAAIMYIlgAAAAA//////////8JABQAZmlyc3QudHh0AQAQAAAAAAAAAAAAAAAAAAAAAABvbmVQSwcI8YZsegMAAAAAAAAAAwAAAAAAAABQSwMELQAIAAAAgxgiWAAAAAD//////////woAFABtaWRkbGUuYmluAQAQAAAAAAAAAAAAAAAAAAAAAAAwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5UEsHCEk8RqYoAAAAAAAAACgAAAAAAAAAUEsDBC0ACAAAAIMYIlgAAAAA//////////8IABQAbGFzdC50eHQBABAAAAAAAAAAAAAAAAAAAAAAAHRocmVlUEsHCPXYxUYFAAAAAAAAAAUAAAAAAAAAUEsBAi0DLQAIAAAAgxgiWPGGbHoDAAAAAwAAAAkAAAAAAAAAAAAAAIABAAAAAGZpcnN0LnR4dFBLAQItAy0ACAAAAIMYIlhJPEamKAAAACgAAAAKAAAAAAAAAAAAAACAAVYAAABtaWRkbGUuYmluUEsBAi0DLQAIAAAAgxgiWPXYxUYFAAAABQAAAAgAAAAAAAAAAAAAAIAB0gAAAGxhc3QudHh0UEsFBgAAAAADAAMApQAAACkBAAAJAGEgY29tbWVudA==',
  ],
  [
    'streamed, wide, deflated',
    'UEsDBC0ACAAIAIMYIlgAAAAA//////////8JABQAZmlyc3QudHh0AQAQAAAAAAAAAAAAAAAAAAAAAADLz0sFAFBLBwjxhmx6BQAAAAAAAAADAAAAAAAAAFBLAwQtAAgACACDGCJYAAAAAP//////////CgAUAG1pZGRsZS5iaW4BABAAAAAAAAAAAAAAAAAAAAAAADMwNDI2MTUzt7A0wMsCAFBLBwhJPEamDwAAAAAAAAAoAAAAAAAAAFBLAwQtAAgACACDGCJYAAAAAP//////////CAAUAGxhc3QudHh0AQAQAAAAAAAAAAAAAAAAAAAAAAAryShKTQUAUEsHCPXYxUYHAAAAAAAAAAUAAAAAAAAAUEsBAi0DLQAIAAgAgxgiWPGGbHoFAAAAAwAAAAkAAAAAAAAAAAAAAIABAAAAAGZpcnN0LnR4dFBLAQItAy0ACAAIAIMYIlhJPEamDwAAACgAAAAKAAAAAAAAAAAAAACAAVgAAABtaWRkbGUuYmluUEsBAi0DLQAIAAgAgxgiWPXYxUYHAAAABQAAAAgAAAAAAAAAAAAAAIABuwAAAGxhc3QudHh0UEsFBgAAAAADAAMApQAAABQBAAAJAGEgY29tbWVudA==',
  ],
  [
    'streamed, narrow, stored',
    'UEsDBBQACAAAAIMYIlgAAAAAAAAAAAAAAAAJAAAAZmlyc3QudHh0b25lUEsHCPGGbHoDAAAAAwAAAFBLAwQUAAgAAACDGCJYAAAAAAAAAAAAAAAACgAAAG1pZGRsZS5iaW4wMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5UEsHCEk8RqYoAAAAKAAAAFBLAwQUAAgAAACDGCJYAAAAAAAAAAAAAAAACAAAAGxhc3QudHh0dGhyZWVQSwcI9djFRgUAAAAFAAAAUEsBAhQDFAAIAAAAgxgiWPGGbHoDAAAAAwAAAAkAAAAAAAAAAAAAAIABAAAAAGZpcnN0LnR4dFBLAQIUAxQACAAAAIMYIlhJPEamKAAAACgAAAAKAAAAAAAAAAAAAACAAToAAABtaWRkbGUuYmluUEsBAhQDFAAIAAAAgxgiWPXYxUYFAAAABQAAAAgAAAAAAAAAAAAAAIABmgAAAGxhc3QudHh0UEsFBgAAAAADAAMApQAAANUAAAAJAGEgY29tbWVudA==',
  ],
  [
    'streamed, narrow, deflated',
    'UEsDBBQACAAIAIMYIlgAAAAAAAAAAAAAAAAJAAAAZmlyc3QudHh0y89LBQBQSwcI8YZsegUAAAADAAAAUEsDBBQACAAIAIMYIlgAAAAAAAAAAAAAAAAKAAAAbWlkZGxlLmJpbjMwNDI2MTUzt7A0wMsCAFBLBwhJPEamDwAAACgAAABQSwMEFAAIAAgAgxgiWAAAAAAAAAAAAAAAAAgAAABsYXN0LnR4dCvJKEpNBQBQSwcI9djFRgcAAAAFAAAAUEsBAhQDFAAIAAgAgxgiWPGGbHoFAAAAAwAAAAkAAAAAAAAAAAAAAIABAAAAAGZpcnN0LnR4dFBLAQIUAxQACAAIAIMYIlhJPEamDwAAACgAAAAKAAAAAAAAAAAAAACAATwAAABtaWRkbGUuYmluUEsBAhQDFAAIAAgAgxgiWPXYxUYHAAAABQAAAAgAAAAAAAAAAAAAAIABgwAAAGxhc3QudHh0UEsFBgAAAAADAAMApQAAAMAAAAAJAGEgY29tbWVudA==',
  ],
];

describe.each(archives)('%s', (_, text) => {
  const archive = new Uint8Array(Buffer.from(text, 'base64'));

  test('gives its entries', async () => {
    const { entries, names: found } = await unzipEntries(archive, new Set(['middle.bin', 'last.txt']), {});
    expect(found).toEqual(names);
    expect([...entries]).toEqual([
      ['middle.bin', encode('0123456789'.repeat(4))],
      ['last.txt', encode('three')],
    ]);
  });

  test.each(names)('has %s replaced, by as many bytes or others, and the rest kept', async (name) => {
    for (const data of ['987', 'a longer text, all of it new; '.repeat(9), '']) {
      const result = await replaceEntry(archive, name, encode(data), {});
      const { entries } = await unzipEntries(result, new Set(names), {});
      const before = (await unzipEntries(archive, new Set(names), {})).entries;
      expect([...entries]).toEqual([...new Map(before).set(name, encode(data))]);
      expect(Object.keys(unzipSync(result))).toEqual(names);
      expect(new TextDecoder().decode(result)).toContain('a comment');
    }
  });

  test('is the same again when an entry is replaced by itself', async () => {
    const data = encode('three');
    const there = await replaceEntry(archive, 'last.txt', encode('other'), {});
    const back = await replaceEntry(there, 'last.txt', data, {});
    const { entries } = await unzipEntries(back, new Set(names), {});
    expect(entries.get('last.txt')).toEqual(data);
    expect(await replaceEntry(there, 'last.txt', encode('other'), {})).toEqual(there);
  });
});

describe('refused with the reason', () => {
  const archive = zipSync({ 'a.json': encode('{}'.repeat(40)), 'b.json': encode('[]'.repeat(40)) });
  const directory = new DataView(archive.buffer).getUint32(archive.length - 6, true);
  /** Where the second entry's record starts. */
  const second = directory + 46 + 6;
  const wanted = new Set(['a.json', 'b.json']);

  async function failure(change: (view: DataView) => void, bytes = archive.slice()): Promise<string> {
    change(new DataView(bytes.buffer));
    const error = await unzipEntries(bytes, wanted, { file: 'm.keras' }).catch((reason: unknown) => reason);
    if (!(error instanceof FormatError)) throw new Error('no error of this package', { cause: error });
    return error.message;
  }

  test.each([
    [
      'an entry outside the archive',
      (v: DataView) => v.setUint32(second + 42, 0x7fffffff, true),
      'lies outside',
    ],
    [
      'an entry inside the directory',
      (v: DataView) => v.setUint32(second + 42, directory, true),
      'lies outside',
    ],
    [
      'an entry that starts nowhere',
      (v: DataView) => v.setUint32(second + 42, 3, true),
      'lies outside the archive',
    ],
    [
      'an entry past the end',
      (v: DataView) => v.setUint32(second + 20, 0x7fffffff, true),
      'reaches past the end',
    ],
    [
      'two entries in one place',
      (v: DataView) => v.setUint32(second + 42, 0, true),
      'lies inside another one',
    ],
    [
      'a size that is not true',
      (v: DataView) => v.setUint32(second + 24, 81, true),
      'its size or checksum is wrong',
    ],
    [
      'a size that cannot be',
      (v: DataView) => v.setUint32(second + 24, 1 << 30, true),
      'declares 1073741824 bytes',
    ],
    ['a wrong checksum', (v: DataView) => v.setUint32(second + 16, 1, true), 'its size or checksum is wrong'],
    ['an encrypted entry', (v: DataView) => v.setUint16(second + 8, 1, true), 'is encrypted'],
    [
      'an unknown method',
      (v: DataView) => v.setUint16(second + 10, 93, true),
      'is packed by method 93; accepted are',
    ],
    [
      'a directory outside the archive',
      (v: DataView) => v.setUint32(archive.length - 6, 0xfffffff0, true),
      'directory lies outside',
    ],
    [
      'more entries than there are',
      (v: DataView) => v.setUint16(archive.length - 12, 60_000, true),
      'its directory is damaged',
    ],
  ])('%s', async (_, change, message) => {
    expect(await failure(change)).toContain(message);
  });

  test('a bomb: hundreds of megabytes of zeros in some kilobytes', async () => {
    const size = 320 * 1024 ** 2;
    const bomb = zipSync({ 'a.json': deflateRawSync(new Uint8Array(size)) }, { level: 0 });
    const start = new DataView(bomb.buffer).getUint32(bomb.length - 6, true);
    const message = await failure((view) => {
      view.setUint16(start + 10, 8, true);
      view.setUint32(start + 24, size, true);
    }, bomb);
    expect(message).toMatch(/a\.json: declares 335544320 bytes, packed in \d{6}: not accepted/);
  });

  test('bytes changed anywhere never give more than an error of this package', async () => {
    for (let at = 0; at < archive.length; at += 1) {
      const bytes = archive.slice();
      bytes[at] = (bytes[at] as number) ^ 0xff;
      const result = await unzipEntries(bytes, wanted, {}).catch((reason: unknown) => reason);
      if (result instanceof Error) expect(result).toBeInstanceOf(FormatError);
    }
  });
});
