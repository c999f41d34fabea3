// This package: a Projector on the CPU with and without its no-copy route, and one on wasm.
import { availableParallelism } from 'node:os';
import { env } from 'onnxruntime-web';
import { get } from '../../../dist/index.js';
import * as node from '../../../dist/node.js';
import * as web from '../../../dist/web.js';
import { copyInto } from '../weights.mjs';

// ONNX Runtime takes half of the cores when it is not told; the other contenders take all.
env.wasm.numThreads = availableParallelism();

export const ours = contender('ours', node.Projector, 'no-copy', { providers: ['cpu'] });
export const oursCopying = contender('ours, copying', node.Projector, 'in-place', {
  providers: ['cpu'],
  noCopy: false,
});
export const oursWasm = contender('ours, wasm', web.Projector, 'returned', { providers: ['wasm'] });

/**
 * @param {string} route the route that the name promises
 * @returns {import('../contenders.mjs').Contender}
 */
function contender(name, Projector, route, options) {
  return {
    name,
    async prepare({ parameters }, weights) {
      const projector = await Projector.create(
        Object.fromEntries(
          parameters.map(({ name: key, dims, constraint }) => [
            key,
            { shape: dims, constraint: get(constraint) },
          ]),
        ),
        { ...options, strict: true },
      );
      refuseOtherRoutes(name, route, projector.report());
      const own = weights.map((weight) => weight.slice());
      const named = Object.fromEntries(parameters.map(({ name: key }, i) => [key, own[i]]));
      return {
        refill: () => copyInto(own, weights),
        run: () => projector.project(named),
        answer: () => own,
        detail: () => summarize(projector.report()),
        dispose: () => projector.dispose(),
      };
    },
  };
}

/** A time under another route's name would be no time of it. */
function refuseOtherRoutes(name, route, report) {
  const other = report.find((parameter) => parameter.schedule !== 'none' && parameter.route !== route);
  if (other === undefined) return;
  throw new Error(`'${name}' is not measured: ${other.name} takes the route ${other.route}, not ${route}`);
}

/** What the projector says of its parameters, said once for those that have it in common. */
function summarize(report) {
  return [...new Set(report.map(({ provider, lowering }) => `${provider}: ${lowering}`))].sort();
}
