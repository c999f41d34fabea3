// Tells what a file is that was given as an ONNX model and is none.
// Must not import anything: it looks at the first bytes only.

const signatures: readonly (readonly [string, string])[] = [
  ['\x89HDF\r\n\x1a\n', 'an HDF5 file (.h5), perhaps Keras weights'],
  ['PK\x03\x04', 'a zip archive, perhaps a .keras file or a PyTorch checkpoint'],
  ['\x1f\x8b', 'a gzip archive'],
  ['version https://git-lfs', 'a Git LFS pointer; the file itself has not been downloaded'],
  ['\x80\x02', 'a Python pickle'],
  ['\x93NUMPY', 'a NumPy array file'],
  ['<', 'an XML or HTML file'],
  ['{', 'a JSON file'],
  ['[', 'a JSON file'],
  ['ir_version', 'an ONNX model in text form; only the binary form is read'],
];

/** What the bytes seem to be instead of an ONNX model; undefined where nothing is recognised. */
export function recognizeOther(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  if (start.slice(4, 8) === 'ORTM') return 'a model in ONNX Runtime’s own format (.ort)';
  if (start.slice(4, 8) === 'ODTC') return 'a training checkpoint of ONNX Runtime';
  if (start.slice(4, 8) === 'TFL3') return 'a TensorFlow Lite model';
  const text = start.replace(/^(?:\xef\xbb\xbf)?\s+/, '');
  return signatures.find(([signature]) => start.startsWith(signature) || text.startsWith(signature))?.[1];
}
