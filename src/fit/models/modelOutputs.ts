// The outputs of a model: which results they are, and what Keras calls them.
// Must not import other folders of fit.
import type { ErrorPlace } from '../../graph/errors.js';
import { isObject } from '../../keras/configValue.js';
import { type TensorRef, tensorRefs } from './inboundNodes.js';

export interface ModelOutputs {
  readonly outputs: readonly TensorRef[];
  /** No two alike. */
  readonly outputNames: readonly string[];
  /**
   * `listed`: called after their layers. `twins`: likewise, with numbers behind names that come again, which Keras does
   * not tell apart. `named`: by names of their own, the keys of a dict. `unnamed`: that of a Sequential model.
   */
  readonly outputsAre: 'listed' | 'twins' | 'named' | 'unnamed';
}

/** Outputs in a list, or by name, which Keras puts in the order of their names. @throws {ConfigError} where it is neither */
export function readOutputs(value: unknown, place: ErrorPlace): ModelOutputs {
  if (isObject(value) && !('class_name' in value)) {
    const outputNames = Object.keys(value).sort();
    return {
      outputs: outputNames.flatMap((name) =>
        tensorRefs(value[name], { ...place, path: `${place.path}.${name}` }),
      ),
      outputNames,
      outputsAre: 'named',
    };
  }
  const outputs = tensorRefs(value, place);
  const names = outputs.map(([layer]) => layer);
  const outputNames = unlike(names);
  return { outputs, outputNames, outputsAre: new Set(names).size === names.length ? 'listed' : 'twins' };
}

function unlike(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  for (const name of names) {
    let own = name;
    for (let i = 1; taken.has(own) || (own !== name && names.includes(own)); i++) own = `${name}_${i}`;
    taken.add(own);
  }
  return [...taken];
}
