// The constraints of tfjs-layers on a tensor that is there already, the answer left there: tfjs at its best.
// Must not import anything from src or dist.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import wasm from '@tensorflow/tfjs-backend-wasm';
import tf from '@tensorflow/tfjs-core';
import { makeConstraint, use } from './tfjsConstraints.mjs';

// Beside the module that Node loads; tfjs would look beside the program.
wasm.setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);

export const tfjsWasm = contender('tfjs wasm', 'wasm');
export const tfjsCpu = contender('tfjs cpu', 'cpu');

/** @returns {import('../contenders.mjs').Contender} */
function contender(name, backend) {
  return {
    name,
    async prepare({ parameters }, weights) {
      const constraints = parameters.map(({ constraint }) => makeConstraint(constraint));
      let tensors = [];
      let results = [];
      const release = () => tf.dispose([tensors, results]);
      return {
        async refill() {
          release();
          await use(backend);
          tensors = parameters.map(({ dims }, i) => tf.tensor(weights[i], dims, 'float32'));
          results = [];
        },
        run() {
          for (const [i, constraint] of constraints.entries()) results.push(constraint.apply(tensors[i]));
        },
        answer: () => results.map((result) => result.dataSync()),
        dispose: release,
        detail: () => (backend === 'wasm' ? `${wasm.getThreadsCount()} thread` : undefined),
      };
    },
  };
}
