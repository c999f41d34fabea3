// `inspect`: shows what a file holds: weights, shapes, constraints.
import { rulesIn } from '../files/configFile.js';
import { readKerasFile } from '../files/kerasFile.js';
import { readModel } from '../files/modelFile.js';
import { readFile } from '../files/readFile.js';
import { readWeightFile } from '../files/weightFile.js';
import { formatShape } from '../graph/shape.js';
import { elementCount } from '../graph/tensorValue.js';
import type { WeightFile } from '../graph/weightFile.js';
import type { KerasModel } from '../keras/kerasModel.js';
import type { OnnxModel } from '../onnx/model.js';
import { ModelStructure, type ModelTraining } from '../onnx/modelStructure.js';
import type { Rules } from '../resolve/rules.js';
import { isOrtCheckpoint, type OrtCheckpoint, readOrtCheckpoint } from '../training/ortCheckpoint.js';
import { exitCodes } from './exitCodes.js';
import { exporterName } from './exporterName.js';
import type { Output } from './output.js';
import { describeConstraint } from './planTable.js';
import { loadPlugins } from './plugin.js';

export interface InspectOptions {
  readonly plugin?: readonly string[];
}

/** Runs the command and returns its exit code. */
export async function inspect(file: string, options: InspectOptions, output: Output): Promise<number> {
  const bytes = await readFile(file);
  if (isOrtCheckpoint(bytes)) {
    showCheckpoint(readOrtCheckpoint(bytes, { file }), output);
    return exitCodes.done;
  }
  const customObjects = await loadPlugins(options.plugin ?? []);
  const rules = await rulesIn(bytes, file, { customObjects });
  if (rules !== undefined) {
    showRules(rules, output);
    return exitCodes.done;
  }
  const weightFile = await readWeightFile(file, { customObjects });
  if (weightFile?.model !== undefined) showKeras(weightFile.model, output);
  else if (weightFile !== undefined) showWeights(weightFile.weights, output);
  else if (isConfig(file, bytes)) showKeras(await readKerasFile(file, { customObjects }), output);
  else showOnnx(await readModel(file), output);
  return exitCodes.done;
}

function isConfig(file: string, bytes: Uint8Array): boolean {
  if (/\.(keras|h5|hdf5|json)$/i.test(file)) return true;
  return new TextDecoder('latin1').decode(bytes.subarray(0, 64)).trimStart().startsWith('{');
}

function showWeights({ format, weights }: WeightFile, output: Output): void {
  output.line(`${format} file of ${weights.length} weights`);
  output.line();
  output.table(
    ['weight', 'shape', 'dtype', 'elements'],
    weights.map(({ name, dims, dtype }) => [name, formatShape(dims), dtype, String(elementCount(dims))]),
  );
  output.result({
    ok: true,
    kind: 'weights',
    format,
    weights: weights.map(({ name, dims, dtype }) => ({ name, shape: dims, dtype })),
  });
}

function showCheckpoint({ version, values, parameters }: OrtCheckpoint, output: Output): void {
  const where = { inside: '', external: ', values in a file beside it', nominal: ', without values' }[values];
  output.line(
    `training checkpoint of ONNX Runtime, version ${version}: ${parameters.length} parameters${where}`,
  );
  output.line();
  output.table(
    ['parameter', 'shape', 'dtype', 'elements', 'trainable'],
    parameters.map(({ name, shape, dtype, trainable }) => [
      name,
      shape === undefined ? '—' : formatShape(shape),
      dtype,
      shape === undefined ? '—' : String(elementCount(shape)),
      trainable ? 'yes' : output.paint('dim', 'no'),
    ]),
  );
  output.result({
    ok: true,
    kind: 'checkpoint',
    version,
    values,
    parameters: parameters.map(({ name, shape = null, dtype, trainable }) => ({
      name,
      shape,
      dtype,
      trainable,
    })),
  });
}

function showKeras(keras: KerasModel, output: Output): void {
  for (const warning of keras.warnings) output.warn(warning);
  for (const { path, className, reason } of keras.lost) output.warn(`${path}: ${className}: ${reason}`);
  const version = keras.kerasVersion === undefined ? '' : `, Keras ${keras.kerasVersion}`;
  output.line(`${keras.className} "${keras.name}" (${keras.format}${version})`);
  output.line();
  output.table(
    ['variable', 'layer', 'shape', 'dtype', 'trainable', 'constraint'],
    keras.variables.map((variable) => [
      variable.path,
      variable.layerClass,
      formatShape(variable.shape),
      variable.dtype,
      variable.trainable ? 'yes' : output.paint('dim', 'no'),
      variable.constraint === null ? '—' : output.paint('green', describeConstraint(variable.constraint)),
    ]),
  );
  const constrained = keras.variables.filter(({ constraint }) => constraint !== null).length;
  output.line();
  output.line(`${keras.variables.length} variables, ${constrained} with a constraint`);
  output.result({
    ok: true,
    kind: 'keras',
    format: keras.format,
    name: keras.name,
    className: keras.className,
    kerasVersion: keras.kerasVersion ?? null,
    variables: keras.variables.map((variable) => ({
      path: variable.path,
      layerClass: variable.layerClass,
      shape: variable.shape ?? null,
      dtype: variable.dtype,
      trainable: variable.trainable,
      constraint: variable.constraint === null ? null : describeConstraint(variable.constraint),
    })),
    lost: keras.lost,
    warnings: keras.warnings,
  });
}

function showRules({ rules }: Rules, output: Output): void {
  const axis = (units: boolean, text: string): string =>
    units ? text.replace(/axis=[^,)]+/, 'axis="units"') : text;
  const shown = rules.map(({ match, exclude, units, constraint }) => ({
    match,
    exclude,
    constraint: axis(units, describeConstraint(constraint())),
  }));
  output.line(
    `rules file: ${rules.length} rule${rules.length === 1 ? '' : 's'}, the first that matches a tensor wins`,
  );
  output.line();
  output.table(
    ['match', 'exclude', 'constraint'],
    shown.map(({ match, exclude, constraint }) => [
      match.join('\n'),
      exclude.join('\n') || '—',
      output.paint('green', constraint),
    ]),
  );
  output.result({ ok: true, kind: 'rules', rules: shown });
}

function showOnnx(model: OnnxModel, output: Output): void {
  const tensors = model.tensors();
  output.line(
    `ONNX model "${model.graphName}": opset ${model.opset() ?? '—'}, IR ${model.irVersion}, made by ${exporterName(model.producer)}`,
  );
  const values = (list: OnnxModel['inputs']): string =>
    list
      .map(
        ({ name, dtype, shape }) => `${name} ${dtype ?? ''} ${formatShape(shape?.map((dim) => dim ?? null))}`,
      )
      .join(', ');
  output.line(`inputs:  ${values(model.inputs)}`);
  output.line(`outputs: ${values(model.outputs)}`);
  output.line();
  output.table(
    ['tensor', 'shape', 'dtype', 'elements', 'stored as', 'read by'],
    tensors.map((tensor) => [
      tensor.name,
      formatShape(tensor.dims),
      tensor.dtype,
      String(elementCount(tensor.dims)),
      tensor.external ? `${tensor.kind}, external` : tensor.kind,
      [...new Set(tensor.consumers.map(({ opType }) => opType))].join(', ') || '—',
    ]),
  );
  const { trainings } = new ModelStructure(model);
  showTrainings(trainings, output);
  output.result({
    ok: true,
    kind: 'onnx',
    graph: model.graphName,
    opset: model.opset() ?? null,
    irVersion: model.irVersion,
    producer: model.producer,
    exporter: exporterName(model.producer),
    inputs: model.inputs,
    outputs: model.outputs,
    tensors: tensors.map(({ name, path, dims, dtype, kind, external, consumers }) => ({
      name,
      path,
      shape: dims,
      dtype,
      kind,
      external,
      consumers: consumers.map(({ opType, nodeName, inputIndex }) => ({ opType, nodeName, inputIndex })),
    })),
    ...(trainings.length > 0 && {
      training: trainings.map(({ path, algorithm, updateBinding, initializationBinding }) => ({
        path,
        nodes: algorithm?.nodes.length ?? 0,
        updateBinding,
        initializationBinding,
      })),
    }),
  });
}

/** What the graphs of `training_info` make of which initializer. */
function showTrainings(trainings: readonly ModelTraining[], output: Output): void {
  if (trainings.length === 0) return;
  output.line();
  output.table(
    ['initializer', 'becomes', 'by', 'starts as'],
    trainings.flatMap(({ path, updateBinding, initializationBinding }) => {
      const starts = new Map(initializationBinding.map(({ initializer, value }) => [initializer, value]));
      const updates = new Map(updateBinding.map(({ initializer, value }) => [initializer, value]));
      return [...new Set([...updates.keys(), ...starts.keys()])].map((name) => [
        name,
        updates.get(name) ?? '—',
        path,
        starts.get(name) ?? '—',
      ]);
    }),
  );
}
