// Every error users meet: one class a kind, each with a stable `code`.
// Must not import anything.

/** Where an error lies: the file, and the place inside it. */
export interface ErrorPlace {
  /** The file, as the user named it. */
  readonly file?: string | undefined;
  /** The place inside the file, such as `config.layers[2].config.kernel_constraint`. */
  readonly path?: string | undefined;
  readonly cause?: unknown;
}

/** The base of all errors this package throws on purpose; `code` tells the kind. */
export class ConstraintError extends Error {
  readonly code: string = 'CONSTRAINT';
  readonly file: string | undefined;
  readonly path: string | undefined;
  /** The message without the place in front of it. */
  readonly detail: string;

  constructor(message: string, place: ErrorPlace = {}) {
    const where = [place.file, place.path].filter((part) => part !== undefined).join(': ');
    super(
      where === '' ? message : `${where}: ${message}`,
      place.cause === undefined ? undefined : { cause: place.cause },
    );
    this.name = new.target.name;
    this.file = place.file;
    this.path = place.path;
    this.detail = message;
  }
}

/** An option or argument outside what is accepted, or one that does not go with another. */
export class UsageError extends ConstraintError {
  override readonly code = 'USAGE';
}

/** A file that is not what it should be: truncated, of another format, or inconsistent. */
export class FormatError extends ConstraintError {
  override readonly code = 'FORMAT';
}

/** A Keras config that cannot be understood: unknown class, bad argument. */
export class ConfigError extends ConstraintError {
  override readonly code = 'CONFIG';
}

/** Shapes, dtypes or axes that do not fit while an op or a constraint is traced. */
export class ShapeError extends ConstraintError {
  override readonly code = 'SHAPE';
}

/** Something that ONNX, the target opset or this package cannot express. */
export class UnsupportedError extends ConstraintError {
  override readonly code = 'UNSUPPORTED';
}

/** A constraint that could not be placed on a tensor of the model. */
export class ResolveError extends ConstraintError {
  override readonly code = 'UNRESOLVED';
}

/** ONNX Runtime is missing, refused a provider, or failed to run a graph. */
export class ProviderError extends ConstraintError {
  override readonly code = 'PROVIDER';
}

/** A file that could not be read or written. */
export class FileError extends ConstraintError {
  override readonly code = 'FILE';
}
