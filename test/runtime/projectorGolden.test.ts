// Keras's golden answers by the Projector, in place: on the CPU with and without the route that skips copies, and on wasm.
import { expect, test } from 'vitest';
import { Projector } from '../../src/node.js';
import * as web from '../../src/web.js';
import { projectGolden } from '../support/projectGolden.js';
import { readGoldenCases } from '../support/readGoldenCases.js';

const cases = readGoldenCases();

test.each([true, false])('all 374 cases on cpu, noCopy %s', async (noCopy) => {
  expect(cases).toHaveLength(374);
  expect(await projectGolden(cases, Projector, { noCopy })).toEqual([]);
});

test('all 374 cases on wasm', async () => {
  expect(await projectGolden(cases, web.Projector, {})).toEqual([]);
});
