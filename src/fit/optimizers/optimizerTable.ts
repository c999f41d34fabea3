// The table of optimizers. To add one: write its file after the model of sgd.ts and a line here.
// Must not import other folders of fit but settings.
import { ConfigError, type ErrorPlace } from '../../graph/errors.js';
import { bareClass } from '../../keras/serializedLayer.js';
import { Settings } from '../settings.js';
import { adagrad } from './adagrad.js';
import { adam, adamW } from './adam.js';
import { adamax } from './adamax.js';
import { type CommonSettings, commonSettings, readCommonSettings } from './commonSettings.js';
import { lion } from './lion.js';
import { nadam } from './nadam.js';
import type { OptimizerKind } from './optimizerKind.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';

const kinds: Readonly<Record<string, OptimizerKind>> = {
  SGD: sgd,
  RMSprop: rmsprop,
  Adam: adam,
  AdamW: adamW,
  Adagrad: adagrad,
  Adamax: adamax,
  Nadam: nadam,
  Lion: lion,
};

/** An optimizer with its settings. */
export interface Optimizer extends CommonSettings {
  readonly name: string;
  readonly kind: OptimizerKind;
  readonly settings: Settings;
}

/** An optimizer by its name in any case, or as a class with its config. */
export interface SerializedOptimizer {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** @throws {ConfigError | UnsupportedError} when the optimizer, or one of its settings, is not known */
export function findOptimizer({ name, config }: SerializedOptimizer, place: ErrorPlace): Optimizer {
  const bare = bareClass(name);
  const className = Object.keys(kinds).find((known) => known.toLowerCase() === bare.toLowerCase());
  const kind = kinds[className ?? ''];
  if (className === undefined || kind === undefined) {
    throw new ConfigError(`unknown optimizer '${name}'; known are ${Object.keys(kinds).join(', ')}`, place);
  }
  const settings = new Settings(className, config, place);
  settings.refuseOthers([...commonSettings, ...kind.settings]);
  return { name: className, kind, settings, ...readCommonSettings(settings, kind) };
}
