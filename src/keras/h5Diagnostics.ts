// Keeps what the HDF5 library prints about errors off standard error, and turns it into the reason for our message.
// Must not import anything.

interface Terminal {
  put_char(terminal: unknown, byte: number): void;
}

/** The part of Emscripten's file system that leads to standard error; its type declarations leave it out. */
interface StreamHolder {
  getStream?(descriptor: number): { readonly tty?: { readonly ops?: Terminal } } | null | undefined;
}

/** Collects the library's output to standard error while `run` runs; the library prints at once, never later. */
export function withDiagnostics<T>(fs: object, run: (reason: () => string | undefined) => T): T {
  const terminal = (fs as StreamHolder).getStream?.(2)?.tty?.ops;
  const bytes: number[] = [];
  const reason = (): string | undefined => lastReason(String.fromCharCode(...bytes.slice(-maxBytes)));
  if (terminal === undefined) return run(reason);
  const original = terminal.put_char;
  terminal.put_char = (_, byte) => {
    bytes.push(byte);
  };
  try {
    return run(reason);
  } finally {
    terminal.put_char = original;
  }
}

const maxBytes = 8192;

/** The innermost of the stacked errors, each printed as `#006: H5F.c line 10 in H5F_open(): the reason`. */
function lastReason(text: string): string | undefined {
  return [...text.matchAll(/^ *#\d+: .*?\(\): (.+)$/gm)].at(-1)?.[1];
}
