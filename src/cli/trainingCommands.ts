// The commands that train: their options.
// Must not import what other commands run.
import type { Command } from 'commander';
import { addCommonOptions, examples, type Wrap } from './commandParts.js';
import { fitCommand } from './fit.js';
import { parseList, parseTolerance, parseWhole } from './optionValues.js';
import { trainStepCommand } from './trainStep.js';

const modelHelp = 'the Keras model: .keras, .h5 or .json';
const optimizerHelp = 'an optimizer by name (default: what the model was compiled with)';
const lossHelp = 'a loss by name, for all outputs (default: what the model was compiled with)';

export function addFit(program: Command, wrap: Wrap): void {
  const command = program
    .command('fit')
    .argument('<model>', modelHelp)
    .description('train a Keras model; its constraints hold after every step')
    .requiredOption(
      '--data <file>',
      'safetensors or npz with x and y (of several outputs y_<output>), and sample_weight where samples have weights',
    )
    .requiredOption('--out <file>', 'where the trained model goes: .keras, or .onnx for inference')
    .option('--epochs <number>', 'how often all samples are taken', parseWhole, 1)
    .option('--batch-size <number>', 'how many samples a step takes', parseWhole, 32)
    .option('--no-shuffle', 'take the samples in their order')
    .option('--seed <number>', 'for the order of samples, initial weights and Dropout', parseWhole, 0)
    .option(
      '--validation-split <share>',
      'the share of the samples, the last ones, to validate on',
      parseTolerance,
    )
    .option('--optimizer <name>', optimizerHelp)
    .option('--loss <name>', lossHelp)
    .option(
      '--provider <names>',
      'execution providers, the first that takes all of it (default: cpu)',
      parseList,
    )
    .option('--force', 'overwrite another file');
  addCommonOptions(command).action(wrap((_, output, [model, options]) => fitCommand(model, options, output)));
  examples(command, [
    'onnx-constraints fit model.keras --data train.safetensors --epochs 10 --batch-size 32 --out trained.keras',
    'onnx-constraints fit model.keras --data train.npz --epochs 3 --out trained.onnx',
  ]);
}

export function addTrainStep(program: Command, wrap: Wrap): void {
  const command = program
    .command('train-step')
    .argument('<model>', modelHelp)
    .description(
      "write a Keras model's train step as one ONNX model: forward, backward, optimizer, constraints",
    )
    .requiredOption('--out <file>', 'where the train step goes')
    .option('--params <file>', 'write a step description, as StepLoop and splice take it')
    .option('--initial <file>', 'write what parameters and state hold before the first step, as safetensors')
    .option('--batch-size <number>', 'the size of every batch (default: any)', parseWhole)
    .option('--optimizer <name>', optimizerHelp)
    .option('--loss <name>', lossHelp)
    .option('--opset <number>', "version of ONNX's operator set, 13 to 26 (default: 18)", parseWhole)
    .option(
      '--provider <name>',
      'take the form of the constraints that is fast on this provider (default: cpu)',
    )
    .option('--seed <number>', 'for initial weights and Dropout', parseWhole)
    .option('--force', 'overwrite other files');
  addCommonOptions(command).action(
    wrap((_, output, [model, options]) => trainStepCommand(model, options, output)),
  );
  examples(command, [
    'onnx-constraints train-step model.keras --batch-size 32 --out step.onnx --params step.json --initial initial.safetensors',
  ]);
}
