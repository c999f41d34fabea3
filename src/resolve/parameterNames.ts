// Whether the name that a train step has for a parameter is that of a Keras variable, in the words of any framework.
// Must not import runtime, files or cli.
import type { KerasVariable } from '../keras/kerasModel.js';

/** What other frameworks call a variable of that name. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  kernel: ['weight', 'weights', 'w'],
  bias: ['b'],
  gamma: ['weight', 'scale'],
  beta: ['bias', 'offset'],
  embeddings: ['embedding', 'weight', 'table'],
  depthwise_kernel: ['depthwise_weight', 'depthwise'],
  pointwise_kernel: ['pointwise_weight', 'pointwise'],
  recurrent_kernel: ['recurrent_weight'],
  alpha: ['weight'],
};

/**
 * How well a parameter's name agrees with a variable's path, whichever the marks between its words: 3 where it is the
 * path, 2 where it ends with it, 1 where it ends with the innermost layer and the variable, 0 where it does not.
 */
export function nameAgreement(variable: KerasVariable, parameter: string): 0 | 1 | 2 | 3 {
  const layers = variable.path.split('/').slice(0, -1);
  const innermost = layers.at(-1);
  if (innermost === undefined) return 0;
  const found = wordsOf(parameter);
  const own = [variable.name, ...(aliases[variable.name] ?? [])];
  const full = own.map((name) => wordsOf([...layers, name].join('/')));
  const short = own.map((name) => wordsOf(`${innermost}/${name}`));
  if (full.includes(found)) return 3;
  if (full.some((name) => found.endsWith(`_${name}`))) return 2;
  return short.some((name) => found === name || found.endsWith(`_${name}`)) ? 1 : 0;
}

/** `params['fc1']['kernel']`, `params.fc1.kernel` and `params/fc1/kernel` are all `params_fc1_kernel`. */
function wordsOf(name: string): string {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .join('_');
}
