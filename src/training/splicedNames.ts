// The names that mark what was spliced, so that it is recognized in a file.
// Must not import anything.

/** In front of the name of every node and value that is put into a step. */
export const SPLICED_PREFIX = 'keras.constraints/';
