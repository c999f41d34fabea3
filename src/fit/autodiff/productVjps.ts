// Derivatives of the matrix product.
// Must not import other folders of fit.
import { UnsupportedError } from '../../graph/errors.js';
import type { Dim } from '../../graph/shape.js';
import { permute } from '../../ops/dataFormat.js';
import { dimsOf, reshapeTo } from '../../ops/moving.js';
import { matmul } from '../../ops/shaping.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { eachInput, inputAt, unbroadcast, type Vjp, type VjpFamily } from './vjp.js';

const matmulVjp: Vjp = (call) => {
  const [a, b] = [inputAt(call, 0), inputAt(call, 1)];
  const { cotangent } = call;
  if (rankOf(a) < 2 || rankOf(b) < 2) {
    throw new UnsupportedError(
      'gradients: matmul of vectors has no derivative here; give them two dimensions',
    );
  }
  return eachInput(
    call,
    () => unbroadcast(matmul(cotangent, swapped(b)), a),
    // One matrix for all rows: a single product in place of one a batch entry, and their sum.
    () =>
      rankOf(b) === 2
        ? matmul(swapped(rows(a)), rows(cotangent))
        : unbroadcast(matmul(swapped(a), cotangent), b),
  );
};

const rankOf = (x: SymbolicTensor): number => dimsOf('gradients', x).length;

function swapped(x: SymbolicTensor): SymbolicTensor {
  const rank = rankOf(x);
  const axes = Array.from({ length: rank }, (_, i) => i);
  return permute(x, [...axes.slice(0, -2), rank - 1, rank - 2]);
}

/** All dimensions but the last as one. */
function rows(x: SymbolicTensor): SymbolicTensor {
  const dims = dimsOf('gradients', x);
  if (dims.length === 2) return x;
  const lead = dims.slice(0, -1);
  const count = lead.every((dim) => typeof dim === 'number') ? lead.reduce((a, b) => a * b, 1) : null;
  return reshapeTo(x, [count, dims.at(-1) as Dim]);
}

export const productVjps: VjpFamily = { MatMul: matmulVjp };
