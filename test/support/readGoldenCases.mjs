// The golden cases for plain Node scripts, as readGoldenCases.ts gives them to tests.
// Must not import anything from src.
import { readFileSync } from 'node:fs';
import { importTypeScript } from './importTypeScript.mjs';

const folder = new URL('../fixtures/golden/', import.meta.url);
const { parseGoldenCases } = await importTypeScript(new URL('golden.ts', import.meta.url));

/** The reader of stored tensors that belongs to the cases. */
export const { toNumbers } = await importTypeScript(new URL('safetensors.ts', import.meta.url));

/** All golden cases, in their order in the file. @returns {import('./golden.js').GoldenCase[]} */
export function readGoldenCases() {
  return parseGoldenCases(
    readFileSync(new URL('cases.json', folder), 'utf8'),
    readFileSync(new URL('arrays.safetensors', folder)),
  );
}
