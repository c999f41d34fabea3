// The command line: which commands and options there are, and what each is run with.
import { Command, CommanderError, Option } from 'commander';
import { apply } from './apply.js';
import { check } from './check.js';
import { addCommonOptions, examples, type Wrap } from './commandParts.js';
import { exitCodeFor, exitCodes } from './exitCodes.js';
import { exportCommand } from './export.js';
import { inspect } from './inspect.js';
import { parseList, parseShape, parseTolerance, parseWhole } from './optionValues.js';
import { Output, type Streams } from './output.js';
import { providersCommand } from './providers.js';
import { resolveCommand } from './resolve.js';
import { spliceCommand } from './splice.js';
import { addFit, addTrainStep } from './trainingCommands.js';

/**
 * Runs the program and returns its exit code. Nothing here ends the process.
 *
 * @param argv the arguments after the program's name
 */
export async function run(argv: readonly string[], streams: Streams, version: string): Promise<number> {
  let code: number = exitCodes.done;
  const program = buildProgram(streams, version, (action) => async (...args) => {
    const command = args.at(-1) as Command;
    const output = new Output(streams, command.optsWithGlobals().json === true);
    try {
      code = await action(command, output, args);
    } catch (error) {
      output.failure(error);
      code = exitCodeFor(error);
    }
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCodes.done;
    if (argv.includes('--json')) {
      new Output(streams, true).result({
        ok: false,
        error: { code: 'USAGE', message: error.message.replace(/^error: /, '') },
      });
    }
    return exitCodes.failed;
  }
  return code;
}

function buildProgram(streams: Streams, version: string, wrap: Wrap): Command {
  const program = new Command('onnx-constraints')
    .description(
      'Keras weight constraints for ONNX: export them, apply them to models, check models, train under them.',
    )
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
    })
    .showHelpAfterError('(--help shows how it is used)');
  addApply(program, wrap);
  addCheck(program, wrap);
  addExport(program, wrap);
  addInspect(program, wrap);
  addProviders(program, wrap);
  addResolve(program, wrap);
  addSplice(program, wrap);
  addFit(program, wrap);
  addTrainStep(program, wrap);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}

const reportHelp = 'write an HTML page with a picture of each constrained weight';

function addApply(program: Command, wrap: Wrap): void {
  const command = program
    .command('apply')
    .argument('<model>', 'the model whose weights are projected: .onnx, .keras, .h5 or .safetensors')
    .description('project the constrained weights of a model and write the result')
    .requiredOption('--out <file>', 'where the result goes; may be the model itself');
  addPlanOptions(command)
    .option('--report <file>', reportHelp)
    .option('--force', 'overwrite another file')
    .action(wrap((_, output, [model, options]) => apply(model, options, output)));
  examples(command, [
    'onnx-constraints apply model.onnx --config model.keras --out constrained.onnx',
    'onnx-constraints apply model.keras --out constrained.keras',
    'onnx-constraints apply model.onnx --config model.h5 --plugin ./constraints.mjs --out model.onnx',
  ]);
}

function addCheck(program: Command, wrap: Wrap): void {
  const command = program
    .command('check')
    .argument('<model>', 'the model whose weights are judged: .onnx, .keras, .h5 or .safetensors')
    .description('tell whether the weights satisfy their constraints: exit code 0 if they do, 1 if not');
  addPlanOptions(command)
    .option(
      '--tolerance <number>',
      'how far outside still passes, relative (default: by dtype, float32 1e-5)',
      parseTolerance,
    )
    .option('--strict', 'constraints that approach their interval at a rate below 1 must hold too')
    .option('--report <file>', reportHelp)
    .option('--force', 'overwrite an older report')
    .action(wrap((_, output, [model, options]) => check(model, options, output)));
  examples(command, [
    'onnx-constraints check model.onnx --config model.keras',
    'onnx-constraints check model.h5',
    'onnx-constraints check model.onnx --config model.keras --json | jq .entries',
  ]);
}

function addExport(program: Command, wrap: Wrap): void {
  const command = program
    .command('export')
    .argument('<constraint>', 'MaxNorm, MinMaxNorm, NonNeg, UnitNorm, or a class of a plugin')
    .description('write a constraint as an ONNX model: input w, output w_out')
    .option('--args <json>', 'Keras\'s arguments, such as {"max_value": 2, "axis": 0}');
  addExportForm(command)
    .option('--text', "ONNX's text form, printed where no --out is given")
    .option('--out <file>', 'where the model goes')
    .option('--force', 'overwrite another file');
  addCommonOptions(command).action(
    wrap((_, output, [name, options]) => exportCommand(name, options, output)),
  );
  examples(command, [
    `onnx-constraints export MaxNorm --args '{"max_value": 2, "axis": 0}' --shape 784,128 --out max_norm.onnx`,
    'onnx-constraints export UnitNorm --dtype float16 --opset 21 --rank 2 --out unit_norm.onnx',
    'onnx-constraints export MaxNorm --axis-input --limit-inputs --rank 4 --function --out max_norm.onnx',
    'onnx-constraints export MaxNorm --phase partial --out partial.onnx',
    'onnx-constraints export NonNeg --opset 7 --text',
  ]);
}

/** What decides the form of an exported graph. */
function addExportForm(command: Command): Command {
  return command
    .addOption(
      new Option('--dtype <dtype>', 'the dtype of the weight')
        .choices(['float32', 'float64', 'float16', 'bfloat16'])
        .default('float32'),
    )
    .option('--opset <number>', "version of ONNX's operator set, 7 to 26 (default: 18)", parseWhole)
    .addOption(
      new Option('--shape <sizes>', 'sizes or names, such as 784,128 or batch,3').argParser(parseShape),
    )
    .addOption(
      new Option(
        '--rank <number>',
        'how many dimensions, of open size (default: as the axis needs, 2 at least)',
      )
        .argParser(parseWhole)
        .conflicts('shape'),
    )
    .option('--axis-input', 'take the axis at run time: int64 input axes, empty for all (opset 13)')
    .option('--axis-count <number>', 'how many axes come at run time, where that must be known', parseWhole)
    .option('--limit-inputs', 'take max_value, or min_value, max_value and rate at run time, as scalars')
    .addOption(
      new Option('--lowering <form>', 'the readable form, or the fast one for a provider and --shape')
        .choices(['canonical', 'fast'])
        .default('canonical'),
    )
    .addOption(
      new Option('--provider <name>', 'what the fast form is for (default: cpu)').choices([
        'cpu',
        'wasm',
        'webgpu',
      ]),
    )
    .option('--function', 'one call of a function in the domain keras.constraints (opset 15)')
    .addOption(
      new Option(
        '--phase <phase>',
        'for sharded weights: the sum_of_squares of a shard, or a shard scaled by the total',
      ).choices(['partial', 'finish']),
    );
}

function addInspect(program: Command, wrap: Wrap): void {
  const command = program
    .command('inspect')
    .argument('<file>', 'an ONNX model, a Keras .keras, .h5 or .json file, or a rules file')
    .description('show the weights of a file, their shapes and constraints');
  addCommonOptions(command).action(wrap((_, output, [file, options]) => inspect(file, options, output)));
  examples(command, ['onnx-constraints inspect model.keras', 'onnx-constraints inspect model.onnx --json']);
}

function addProviders(program: Command, wrap: Wrap): void {
  const command = program
    .command('providers')
    .description('show which execution providers of ONNX Runtime work here, and how to mend the others')
    .option(
      '--verbose',
      'let ONNX Runtime write to standard error: it names the libraries that it could not load',
    )
    .option('--json', 'print one JSON object on standard output')
    .action(wrap((_, output, [options]) => providersCommand(options, output)));
  examples(command, ['onnx-constraints providers', 'onnx-constraints providers --json']);
}

function addResolve(program: Command, wrap: Wrap): void {
  const command = program
    .command('resolve')
    .argument('<model>', 'the model whose tensors are looked through')
    .description('show which tensors hold the constrained variables, how, and which units are normed');
  addPlanOptions(command).action(
    wrap((_, output, [model, options]) => resolveCommand(model, options, output)),
  );
  examples(command, [
    'onnx-constraints resolve model.onnx --config model.keras',
    'onnx-constraints resolve model.onnx --config rules.yaml --json',
  ]);
}

function addSplice(program: Command, wrap: Wrap): void {
  const command = program
    .command('splice')
    .argument('<step>', 'a train step as one ONNX model: forward, backward and optimizer')
    .description("put constraints into a train step: Keras's 'after each gradient update', inside the graph")
    .option('--params <file>', 'step description (JSON, YAML): each parameter with input, output, constraint')
    .option('--config <file>', 'instead of it a Keras file or rules, for the parameters found in the step')
    .option('--yes', 'take the parameters that were found')
    .option('--include-frozen', 'constrain frozen variables of a Keras file too')
    .option('--allow-unresolved', 'go on where a constraint of --config could not be placed')
    .option('--out <file>', 'where the result goes; may be <step> itself. Without it, shows what is found')
    .option('--provider <name>', 'take the form that is fast on this provider (default: the readable one)')
    .addOption(
      new Option('--others <which>', 'what other readers of an updated value see, such as moving averages')
        .choices(['constrained', 'unconstrained'])
        .default('constrained'),
    )
    .option('--upgrade-opset', 'rewrite a step of opset 9 to 12 for opset 13 first')
    .option('--functions', 'put constraints in as functions of the domain keras.constraints (IR version 8)')
    .option('--force', 'overwrite another file');
  addCommonOptions(command).action(
    wrap((_, output, [step, options]) => spliceCommand(step, options, output)),
  );
  examples(command, [
    'onnx-constraints splice step.onnx --params step.json --provider cpu --out constrained.onnx',
    'onnx-constraints splice step.onnx --config model.keras',
    'onnx-constraints splice step.onnx --config rules.yaml --yes --out step.onnx',
  ]);
}

function addPlanOptions(command: Command): Command {
  command
    .option(
      '--config <file>',
      'the file that holds the constraints: a Keras file (.keras, .h5, with the weights), or a rules file (JSON, YAML); default: a Keras <model> itself',
    )
    .addOption(
      new Option('--provider <names>', 'execution providers of ONNX Runtime, in order')
        .argParser(parseList)
        .default(['cpu'], 'cpu'),
    )
    .option(
      '--reference <model.onnx>',
      'the export made from the Keras file, where the model was trained on since: tensors are found there',
    )
    .option('--include-frozen', 'do frozen variables too, which Keras leaves alone')
    .option('--allow-unresolved', 'go on where a constraint could not be placed');
  return addCommonOptions(command);
}
