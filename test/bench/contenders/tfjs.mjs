// The constraints of tfjs-layers on a tensor that is there already, the answer left there: tfjs at its best.
// Must not import anything from src or dist.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import wasm from '@tensorflow/tfjs-backend-wasm';
import tf from '@tensorflow/tfjs-core';
import layers from '@tensorflow/tfjs-layers';

// Without the checks of a development run, and without its banner.
tf.enableProdMode();
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

export async function use(backend) {
  if (await tf.setBackend(backend)) return;
  throw new Error(`the ${backend} backend of tfjs does not start`);
}

export function makeConstraint({ class_name: className, config }) {
  const { axis, max_value: maxValue, min_value: minValue, rate } = config;
  if (className === 'NonNeg') return layers.constraints.nonNeg();
  if (className === 'UnitNorm') return layers.constraints.unitNorm({ axis });
  if (className === 'MaxNorm') return layers.constraints.maxNorm({ maxValue, axis });
  return layers.constraints.minMaxNorm({ minValue, maxValue, rate, axis });
}
