import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";
import { examine } from "../doctor/examine.ts";
import type { ExamineOptions } from "../doctor/examine.ts";
import { reportOf } from "../doctor/report.ts";

/** Where the program writes. */
export interface Terminal {
  /** A result. */
  print(text: string): void;
  /** A word to the person in front of it. */
  note(text: string): void;
}

/** What the program's end says. */
export const exitCodes = { fine: 0, problems: 1, usage: 2 } as const;

const help = `Usage: cloudhost-agent doctor [--json] [--socket PATH]

Looks whether this machine can be a host with real guests: Linux and Node, the processor and KVM, QEMU, libvirtd, what
the network needs of programs and of the kernel, control groups. It changes nothing, and says of each thing that is not
as it should be how to put it right.

  --json         print the findings as JSON, for machines
  --socket PATH  where libvirt's daemon listens (default: /run/libvirt/libvirt-sock)
  --help         print this

It ends with 0 when guests can run here (there may be warnings), with 1 when they cannot, and with 2 when it does not
understand how it was called.`;

const options = {
  json: { type: "boolean", default: false },
  socket: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} satisfies ParseArgsConfig["options"];

/**
 * Runs `cloudhost-agent`.
 *
 * @param args without the program's own name
 * @param machine to look at, instead of this one
 * @returns the exit code
 */
export async function runCli(
  args: readonly string[],
  terminal: Terminal,
  { machine }: Pick<ExamineOptions, "machine"> = {},
): Promise<number> {
  const parsed = parse(args);
  if (typeof parsed === "string") {
    terminal.note(`${parsed}\nTry cloudhost-agent --help.`);
    return exitCodes.usage;
  }
  const { json, socket, help: wantsHelp } = parsed;
  if (wantsHelp) {
    terminal.print(help);
    return exitCodes.fine;
  }
  const findings = await examine({
    ...(machine === undefined ? {} : { machine }),
    ...(socket === undefined ? {} : { libvirtSocket: socket }),
  });
  terminal.print(json ? JSON.stringify({ findings }) : reportOf(findings));
  return findings.some(({ level }) => level === "problem") ? exitCodes.problems : exitCodes.fine;
}

/** Runs it on this process's terminal. */
export const runCliHere = (args: readonly string[]): Promise<number> =>
  runCli(args, { print: (text) => console.log(text), note: (text) => console.error(text) });

/** The options, or what is wrong with the call. */
function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [command, ...more] = positionals;
    if (values.help || (command === "doctor" && more.length === 0)) return values;
    return command === undefined ? "Say what to do: doctor." : `There is no command ${positionals.join(" ")}.`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
