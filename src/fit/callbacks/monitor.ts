// A number of the logs that shall get better.
// Must not import other folders of fit.
import { UsageError } from '../../graph/errors.js';
import type { FitContext, Logs } from './callback.js';

export interface MonitorArgs {
  /** Default `val_loss`. */
  readonly monitor?: string;
  /** By how much it must get better. */
  readonly minDelta?: number;
  /** Whether it shall fall or rise. Default `auto`: as its metric says; losses fall. */
  readonly mode?: 'auto' | 'min' | 'max';
}

/** Tells whether a number of the logs is better than another. */
export class Monitor {
  readonly #name: string;
  readonly #minDelta: number;
  readonly #mode: 'auto' | 'min' | 'max';

  /** @param owner the callback, as messages name it */
  constructor(
    readonly owner: string,
    { monitor = 'val_loss', minDelta = 0, mode = 'auto' }: MonitorArgs,
  ) {
    if (!['auto', 'min', 'max'].includes(mode)) {
      throw new UsageError(`${owner}: mode is auto, min or max, found ${String(mode)}`);
    }
    this.#name = monitor;
    this.#minDelta = Math.abs(minDelta);
    this.#mode = mode;
  }

  /** @throws {UsageError} where the logs do not have it */
  value(logs: Logs): number {
    const value = logs[this.#name];
    if (value !== undefined) return value;
    throw new UsageError(
      `${this.owner}: there is no '${this.#name}'; the logs have ${Object.keys(logs).join(', ')}`,
    );
  }

  /** Anything is better than nothing. @throws {UsageError} where it is not known whether more is better */
  isBetter(value: number, reference: number | undefined, context: Pick<FitContext, 'rises'>): boolean {
    const rises = this.#rises(context);
    if (reference === undefined) return true;
    return rises ? value - this.#minDelta > reference : value + this.#minDelta < reference;
  }

  #rises(context: Pick<FitContext, 'rises'>): boolean {
    const rises = this.#mode === 'auto' ? context.rises(this.#name) : this.#mode === 'max';
    if (rises !== undefined) return rises;
    throw new UsageError(
      `${this.owner}: it is not known whether '${this.#name}' shall fall or rise; give mode: 'min' or 'max'`,
    );
  }
}
