// The entry point for constraints as ONNX files for other runtimes, in every form and opset.
// Must not reach Node, ONNX Runtime or files.
export { exportConstraint, exportText } from './export/exportConstraint.js';
export type { ExportOptions } from './export/exportOptions.js';
