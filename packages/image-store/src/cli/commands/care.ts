import type { Command } from "commander";
import type { ChunkBackend, ImageFault } from "@cloudhost/core/ports";
import { collectGarbage } from "../../collection/collect-garbage.ts";
import { findLeftovers } from "../../collection/leftovers.ts";
import type { Leftover } from "../../collection/leftovers.ts";
import { chunkKey } from "../../repository/layout.ts";
import { exitCodes } from "../exit-codes.ts";
import { parseRepository } from "../repository-argument.ts";
import { inSession } from "../session.ts";
import type { CommonOptions } from "../session.ts";
import type { Terminal } from "../terminal.ts";

interface VerifyOptions extends CommonOptions {
  readonly discard?: true;
  readonly leftovers?: true;
}

/**
 * Adds `verify` and `gc`.
 * @param end tells with which code the command ends
 */
export function addCareCommands(program: Command, terminal: Terminal, end: (exitCode: number) => void): void {
  program
    .command("verify")
    .summary("read everything, and say what is damaged")
    .description(
      "Reads every chunk of one image, or of all, and names what is damaged. Nothing is changed unless --discard is given.",
    )
    .argument("<REPO>", "where the images are")
    .argument("[NAME]", "one image")
    .option("--discard", "delete damaged chunks, so that storing a disk that has them again puts them right")
    .option("--leftovers", "also name what is stored and no image needs; a store at rest has none")
    .addHelpText(
      "after",
      `
Examples:
  cloudhost-images verify ./images
  cloudhost-images verify ./images debian-12
  cloudhost-images verify ./images --leftovers --json`,
    )
    .action(async (repository: string, name: string | undefined, options: VerifyOptions) => {
      // Before the store is opened: that collects what killed processes left.
      const leftovers = options.leftovers === true ? await look(repository, terminal) : [];
      await inSession(terminal, repository, options, true, async ({ store, backend, transfer, result }) => {
        const faults = await transfer("verifying", async (progress) => {
          const found: ImageFault[] = [];
          for await (const fault of store.verify(name, progress)) found.push(fault);
          return found;
        });
        for (const fault of faults) {
          result({ fault }, () => `${fault.image}: ${fault.chunk ?? "its manifest"}: ${fault.reason}`);
        }
        if (options.discard === true) await discard(backend, faults);
        for (const leftover of leftovers) result({ leftover }, () => leftoverText(leftover));
        const wrong = faults.length > 0 || leftovers.some(({ held }) => !held);
        if (wrong) end(exitCodes.damaged);
        else if (options.json !== true) terminal.print("Everything is whole.");
      });
    });

  program
    .command("gc")
    .summary("remove what no image needs")
    .description(
      "Looks through the whole store. Rarely needed: deletions and imports tidy up after themselves, and after killed ones. While an import runs, nothing is removed.",
    )
    .argument("<REPO>", "where the images are")
    .addHelpText("after", "\nExample:\n  cloudhost-images gc ./images")
    .action(async (repository: string, options: CommonOptions) => {
      const before = await look(repository, terminal);
      await inSession(terminal, repository, options, true, async ({ backend, context, result }) => {
        await collectGarbage(backend, context, terminal.signal);
        const left = (await findLeftovers(backend, context.clock)).length;
        const removed = Math.max(0, before.length - left);
        result({ removed, left }, () => `${removed} objects were removed; ${left} are left.`);
      });
    });
}

/** Nobody can use a damaged chunk, and while it lies there the whole one is taken for stored already. */
async function discard(backend: ChunkBackend, faults: readonly ImageFault[]): Promise<void> {
  for (const { chunk } of faults) if (chunk !== undefined) await backend.delete(chunkKey(chunk));
}

async function look(repository: string, terminal: Terminal): Promise<Leftover[]> {
  await using backend = parseRepository(repository, terminal.environment);
  return findLeftovers(backend, terminal.clock);
}

const leftoverText = ({ kind, key, held }: Leftover): string =>
  `${kind} ${key}: ${held ? "somebody is at work with it" : "nobody needs it"}`;
