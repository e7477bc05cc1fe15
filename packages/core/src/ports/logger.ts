/** Pino-shaped: pass a pino logger, or anything with these. The libraries themselves never write to stdout. */
export interface Logger {
  /** What only somebody who looks for a fault wants to know. */
  debug(fields: object, message?: string): void;
  /** What happened, as it should. */
  info(fields: object, message?: string): void;
  /** What was not as it should be, and was dealt with. */
  warn(fields: object, message?: string): void;
  /** What somebody should look at. */
  error(fields: object, message?: string): void;
}

/** Says nothing: the default. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
