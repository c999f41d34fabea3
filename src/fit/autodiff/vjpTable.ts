// The table of vector-Jacobian products: a family is added by one line.
// Must not import other folders of fit.
import { arithmeticVjps } from './arithmeticVjps.js';
import { convolutionVjps } from './convolutionVjps.js';
import { functionVjps } from './functionVjps.js';
import { movingVjps } from './movingVjps.js';
import { poolingVjps } from './poolingVjps.js';
import { productVjps } from './productVjps.js';
import { reductionVjps } from './reductionVjps.js';
import type { Vjp, VjpFamily } from './vjp.js';

const families: readonly VjpFamily[] = [
  arithmeticVjps,
  functionVjps,
  reductionVjps,
  movingVjps,
  productVjps,
  convolutionVjps,
  poolingVjps,
];

const table: ReadonlyMap<string, Vjp> = new Map(families.flatMap((family) => Object.entries(family)));

/** The vector-Jacobian product of an ONNX operator; `undefined` where there is none. */
export function vjpOf(opType: string): Vjp | undefined {
  return table.get(opType);
}

/** Every operator that has one. */
export const differentiableOperators: readonly string[] = [...table.keys()];
