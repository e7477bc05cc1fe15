import { Option } from "commander";
import type { Command } from "commander";
import type { DiskFormat } from "@cloudhost/core/ports";
import { inSession } from "../session.ts";
import type { CommonOptions } from "../session.ts";
import type { Terminal } from "../terminal.ts";
import { bytesText } from "../text.ts";

/** Adds `store` and `restore`. */
export function addTransferCommands(program: Command, terminal: Terminal): void {
  program
    .command("store")
    .summary("store a disk image under a name")
    .description(
      "Stores a raw disk, a sparse one, or a qcow2 without a backing file. What the store has already is not stored again: a snapshot costs what changed, and zeros cost nothing. The name is there when all of it is.",
    )
    .argument("<REPO>", "where the images are")
    .argument("<NAME>", "letters, digits, dots, underscores and dashes")
    .argument("<FILE>", "the disk image")
    .addHelpText(
      "after",
      `
Examples:
  cloudhost-images store ./images debian-12 debian-12-generic-amd64.qcow2
  cloudhost-images store "s3://images?endpoint=https://s3.example.org" nightly disk.raw --json`,
    )
    .action(async (repository: string, name: string, file: string, options: CommonOptions) =>
      inSession(terminal, repository, options, false, async (session) => {
        const sealed = await session.transfer(`storing ${name}`, (transfer) =>
          session.store.import(name, file, transfer),
        );
        const { chunks, logicalBytes, storedBytes, digest } = sealed;
        session.result({ name, ...sealed }, () =>
          [
            `${name} is stored: ${bytesText(logicalBytes)}, of which ${bytesText(storedBytes)} were new to the store.`,
            `${chunks.total} chunks: ${chunks.zero} zero, ${chunks.duplicate} there already, ${chunks.new} new.`,
            digest,
          ].join("\n"),
        );
      }),
    );

  program
    .command("restore")
    .summary("write an image to a new file")
    .description("Writes an image to a file that is not there yet, every chunk verified: the whole image, or no file.")
    .argument("<REPO>", "where the images are")
    .argument("<NAME>", "the image")
    .argument("<OUT>", "the file to make")
    .addOption(new Option("--format <format>", "how to write it").choices(["raw", "qcow2"]).default("raw"))
    .addHelpText(
      "after",
      `
Examples:
  cloudhost-images restore ./images debian-12 disk.raw
  cloudhost-images restore ./images debian-12 disk.qcow2 --format qcow2`,
    )
    .action(
      async (repository: string, name: string, out: string, options: CommonOptions & { readonly format: DiskFormat }) =>
        inSession(terminal, repository, options, true, async (session) => {
          const { format } = options;
          await session.transfer(`restoring ${name}`, (transfer) =>
            session.store.export(name, out, { ...transfer, format }),
          );
          session.result({ name, path: out, format }, () => `${name} is in ${out}, ${format}, every chunk verified.`);
        }),
    );
}
