// The model that nodes are put into: what it can hold, and which names it uses.
// Must not import runtime, files or cli.
import { UnsupportedError } from '../graph/errors.js';
import { MAX_OPSET, MIN_OPSET } from '../graph/opset.js';
import type { OnnxModel } from '../onnx/model.js';
import { ModelStructure } from '../onnx/modelStructure.js';

/** A host for new nodes. */
export interface Host {
  readonly structure: ModelStructure;
  readonly opset: number;
  readonly irVersion: number;
  /** Every name in use, anywhere in the model; those given out are added. */
  readonly taken: Set<string>;
}

/** @throws {UnsupportedError} where the model's opset is none that nodes are emitted for */
export function openHost(model: OnnxModel): Host {
  return {
    structure: new ModelStructure(model),
    opset: hostOpset(model),
    irVersion: model.irVersion,
    taken: model.names(),
  };
}

/** The opset of a host, if nodes can be put in. @throws {UnsupportedError} */
function hostOpset(model: OnnxModel): number {
  const opset = model.opset();
  const { file } = model;
  if (opset === undefined) {
    throw new UnsupportedError(
      "the model imports no version of ONNX's standard operators, in which constraints are written",
      { file, path: 'opset_import' },
    );
  }
  if (opset >= MIN_OPSET && opset <= MAX_OPSET) return opset;
  const remedy =
    opset < MIN_OPSET
      ? `export the step for opset ${MIN_OPSET} or later, or have it upgraded (upgradeOpset, --upgrade-opset)`
      : 'what later ones changed is not known';
  throw new UnsupportedError(
    `the model is for opset ${opset}; constraints are put into opsets ${MIN_OPSET} to ${MAX_OPSET}: ${remedy}`,
    { file, path: 'opset_import' },
  );
}
