// The dtype of a layer's variables, out of the dtype policy in its config.
// Must not import file readers (fflate, h5wasm).
import { type DType, isDType } from '../graph/dtype.js';
import { field, isObject } from './configValue.js';

/**
 * The dtype in which a layer keeps its variables.
 *
 * Mixed policies (`mixed_float16`) keep them in float32. A missing policy means float32.
 *
 * @returns `undefined` for policies whose variables do not all have one dtype, such as quantized ones.
 */
export function variableDType(policy: unknown): DType | undefined {
  if (policy === undefined || policy === null || policy === 'infer' || policy === '_infer') return 'float32';
  if (typeof policy === 'string') {
    if (policy.startsWith('mixed_')) return 'float32';
    return isDType(policy) ? policy : undefined;
  }
  const config = isObject(policy) ? field(policy, 'config') : undefined;
  if (!isObject(config) || field(config, 'mode') !== undefined) return undefined;
  return variableDType(field(config, 'name') ?? field(config, 'default_policy') ?? null);
}

/** A policy by its name, for messages. */
export function policyName(policy: unknown): string {
  if (typeof policy === 'string') return policy.slice(0, 80);
  const config = isObject(policy) ? field(policy, 'config') : undefined;
  const names = isObject(config) ? [field(config, 'name'), field(config, 'mode')] : [];
  return names.find((name) => typeof name === 'string')?.slice(0, 80) ?? 'its dtype policy';
}
