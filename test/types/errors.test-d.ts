// Types of the errors: `code` is a literal that tells the kinds apart.
import { expectTypeOf, test } from 'vitest';
import { type ConstraintError, FileError, type FormatError } from '../../src/graph/errors.js';

test('code is a literal of the class', () => {
  expectTypeOf<FormatError['code']>().toEqualTypeOf<'FORMAT'>();
  expectTypeOf<ConstraintError['code']>().toEqualTypeOf<string>();
});

test('the place is optional and readable', () => {
  expectTypeOf(FileError).toBeConstructibleWith('cannot be read', { file: 'a.onnx' });
  expectTypeOf<FileError['path']>().toEqualTypeOf<string | undefined>();
});
