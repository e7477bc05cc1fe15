/** How a program ended. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
}

/** The machine that is looked at. Nothing here changes it. */
export interface Machine {
  /** As Node names it: `linux`. */
  readonly platform: string;
  /** As Node names it: `x64`, `arm64`. */
  readonly architecture: string;
  readonly nodeVersion: string;
  /** Who looks; 0 is root. */
  readonly userId: number;
  /** A file's text; `undefined` when it is not there or may not be read. */
  readonly read: (path: string) => Promise<string | undefined>;
  /** Whether a file is there, and may be read and written. */
  readonly access: (path: string) => Promise<"missing" | "denied" | "usable">;
  /** Starts a program and waits for its end; `undefined` when there is none of that name. */
  readonly run: (program: string, ...args: readonly string[]) => Promise<Ran | undefined>;
  /** Whether somebody listens on a UNIX socket: `undefined`, or the error's code. */
  readonly connect: (path: string) => Promise<string | undefined>;
}
