// What of tfjs is the same in Node and in a browser: its backends by name and the constraints of tfjs-layers.
// Must not import Node, nor anything from src or dist.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';

// Without the checks of a development run, and without its banner.
tf.enableProdMode();

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
