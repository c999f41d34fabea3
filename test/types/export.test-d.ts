// Types of the export entry point: what it takes and gives.
import { expectTypeOf, test } from 'vitest';
import { type ExportOptions, exportConstraint, exportText } from '../../src/export.js';
import { type BuildGraphOptions, maxNorm } from '../../src/index.js';

test('bytes or text, from the options of the pure entry point and more', () => {
  expectTypeOf(exportConstraint(maxNorm(2))).toEqualTypeOf<Uint8Array>();
  expectTypeOf(exportText('max_norm', { opset: 7 })).toEqualTypeOf<string>();
  expectTypeOf<BuildGraphOptions>().toExtend<ExportOptions>();
  exportConstraint(maxNorm(2), { axisInput: true, limitInputs: true, function: true, phase: 'finish' });
  exportConstraint(maxNorm(2), { lowering: 'fast', provider: 'webgpu', shape: [784, 128] });
  // @ts-expect-error: there is no such phase
  exportConstraint(maxNorm(2), { phase: 'both' });
  // @ts-expect-error: there is no such option
  exportConstraint(maxNorm(2), { axes: true });
});
