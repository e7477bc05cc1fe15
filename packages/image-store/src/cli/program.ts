import { Command } from "commander";
import { addCareCommands } from "./commands/care.ts";
import { addImageCommands } from "./commands/images.ts";
import { addTransferCommands } from "./commands/transfers.ts";
import { exitCodesHelp } from "./exit-codes.ts";
import { repositoryHelp } from "./repository-argument.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The command line `cloudhost-images`.
 * @param end tells with which code it ends, where that is not 0
 */
export function createProgram(terminal: Terminal, end: (exitCode: number) => void): Command {
  const program = new Command("cloudhost-images")
    .description("Keeps disk images in chunks of 4 MiB, each stored once, in a folder or a bucket.")
    .addHelpText(
      "after",
      `${repositoryHelp}
${exitCodesHelp}

Begin with:
  cloudhost-images store ./images debian-12 disk.qcow2
  cloudhost-images list ./images
  cloudhost-images restore ./images debian-12 copy.raw`,
    )
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.print(text.trimEnd()), writeErr: (text) => terminal.note(text) })
    .showHelpAfterError("(cloudhost-images --help, or COMMAND --help, tells more)")
    .helpCommand(false);
  addTransferCommands(program, terminal);
  addImageCommands(program, terminal);
  addCareCommands(program, terminal, end);
  for (const command of program.commands) {
    command
      .option("--json", "print results as lines of JSON, for programs")
      .option("-q, --quiet", "do not show how far it is")
      .addHelpText("after", exitCodesHelp)
      .copyInheritedSettings(program);
  }
  return program;
}
