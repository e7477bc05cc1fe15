import { execFile } from "node:child_process";
import type { ExecFileException } from "node:child_process";
import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { createConnection } from "node:net";
import type { Machine, Ran } from "./machine.ts";

/** Programs and sockets that say nothing for so long are not waited for. */
const waitMs = 5000;

/** The machine that this process runs on. */
export const thisMachine: Machine = {
  platform: process.platform,
  architecture: process.arch,
  nodeVersion: process.versions.node,
  userId: process.getuid?.() ?? -1,
  async read(path) {
    try {
      return await readFile(path, "utf8");
    } catch {
      return undefined;
    }
  },
  async access(path) {
    try {
      await access(path, constants.R_OK | constants.W_OK);
      return "usable";
    } catch (error) {
      return codeOf(error) === "ENOENT" ? "missing" : "denied";
    }
  },
  run: (program, ...args) =>
    new Promise<Ran | undefined>((resolve) => {
      execFile(program, args, { timeout: waitMs, env: programPath() }, (error, stdout) => {
        if (codeOf(error) === "ENOENT") resolve(undefined);
        else resolve({ exitCode: error === null ? 0 : exitCodeOf(error), stdout });
      });
    }),
  connect: (path) =>
    new Promise<string | undefined>((resolve) => {
      const socket = createConnection({ path, timeout: waitMs });
      const end = (reason: string | undefined): void => {
        socket.destroy();
        resolve(reason);
      };
      socket.once("connect", () => end(undefined));
      socket.once("timeout", () => end("ETIMEDOUT"));
      socket.once("error", (error) => end(codeOf(error) ?? error.message));
    }),
};

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** 1 for a program that could not be started, or had to be stopped. */
const exitCodeOf = ({ code }: ExecFileException): number => (typeof code === "number" ? code : 1);

/** Who is not root often lacks the folders of what only root uses. */
const programPath = (): NodeJS.ProcessEnv => ({
  ...process.env,
  LC_ALL: "C",
  PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`,
});
