import { resolve } from "node:path";
import { Command, CommanderError, Option } from "commander";
import type { Settings } from "./settings.ts";

const examples = `
What it does
  It opens a cloud of three pretended hosts in two zones, on SQLite and an image store in files; imports a disk image;
  creates servers of several flavors and says why each went where it went; asks for one that fits nowhere; takes a
  snapshot and counts its duplicates; shows quotas and the operations view; and deletes all again. It takes seconds,
  needs no root and downloads nothing. Stop it with Ctrl-C whenever you like: the next run goes on from there.

Examples
  npm run quickstart
  npm run quickstart -- --image ./debian-12.qcow2    with a disk image of yours (raw or qcow2)
  npm run quickstart -- --json | jq .event           for programs
  sudo npm run quickstart -- --driver libvirt        with real guests, which needs root, libvirt and QEMU

Exit codes
  0 done   1 failed   2 not understood   3 another quickstart has the folder   130 stopped by Ctrl-C`;

/**
 * What the command line asks for, or the exit code when there is nothing to do: help was asked for, or it cannot be
 * understood; both has been told.
 *
 * @param argv the arguments alone
 * @param from where relative paths begin
 */
export function parseCommandLine(argv: readonly string[], from: string): Settings | number {
  const command = new Command("npm run quickstart --")
    .description("A tour of cloudhost: a cloud on this computer, from its first host to its last server.")
    .usage("[options]")
    .addOption(
      new Option("--driver <name>", "what runs guests: pretended ones, or real ones by libvirt")
        .choices(["fake", "libvirt"])
        .default("fake"),
    )
    .option("--image <file>", "a disk image to import, raw or qcow2 (default: one made of files of this machine)")
    .option("--state <dir>", "where everything is kept (default: state/quickstart, state/quickstart-libvirt)")
    .option("--uri <uri>", "with --driver libvirt: a libvirtd that is there, in place of one of its own")
    .option("--json", "one JSON object a line, for programs", false)
    .helpOption("-h, --help", "this text")
    .addHelpText("after", examples)
    .exitOverride();
  try {
    command.parse(argv, { from: "user" });
    const { driver, image, uri } = command.opts<{ driver: string; image?: string; uri?: string }>();
    if (driver === "libvirt" && image !== undefined) {
      command.error("error: --image is for pretended guests: real ones boot an image that says when it has booted");
    }
    if (driver === "fake" && uri !== undefined) command.error("error: --uri is for --driver libvirt");
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  const { driver, image, state, uri, json } = command.opts<{
    driver: Settings["driver"];
    image?: string;
    state?: string;
    uri?: string;
    json: boolean;
  }>();
  return {
    driver,
    image: image === undefined ? undefined : resolve(from, image),
    state:
      state === undefined
        ? resolve("state", driver === "fake" ? "quickstart" : "quickstart-libvirt")
        : resolve(from, state),
    uri,
    json,
  };
}
