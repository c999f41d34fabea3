// Reads the golden cases from the fixtures folder, in Node.
// Must not import anything from src.
import { readFileSync } from 'node:fs';
import { type GoldenCase, parseGoldenCases } from './golden.js';

const folder = new URL('../fixtures/golden/', import.meta.url);

/** All golden cases, in their order in the file. */
export function readGoldenCases(): GoldenCase[] {
  return parseGoldenCases(
    readFileSync(new URL('cases.json', folder), 'utf8'),
    readFileSync(new URL('arrays.safetensors', folder)),
  );
}
