import { ok, problem } from "../finding.ts";
import type { Check, Outcome } from "../finding.ts";
import type { Machine } from "../machine.ts";

/** A program that must be there. */
interface Program {
  readonly name: string;
  readonly versionArgument: string;
  readonly debianPackage: string;
  readonly why: string;
}

async function lookFor({ run }: Machine, { name, versionArgument, debianPackage, why }: Program): Promise<Outcome> {
  const ran = await run(name, versionArgument);
  if (ran === undefined) return problem(`${name} is not there: ${why}.`, `apt-get install ${debianPackage}`);
  return ok(ran.stdout.split("\n", 1)[0] || "it is there");
}

const programCheck = (name: string, versionArgument: string, debianPackage: string, why: string): Check => ({
  name,
  look: (machine) => lookFor(machine, { name, versionArgument, debianPackage, why }),
});

/** QEMU has a program for each processor. */
const qemuCheck: Check = {
  name: "qemu",
  look: (machine) =>
    lookFor(machine, {
      ...(machine.architecture === "arm64"
        ? { name: "qemu-system-aarch64", debianPackage: "qemu-system-arm" }
        : { name: "qemu-system-x86_64", debianPackage: "qemu-system-x86" }),
      versionArgument: "--version",
      why: "it is the guests' machine",
    }),
};

/** The programs that drivers and the image store start. */
export const programChecks: readonly Check[] = [
  qemuCheck,
  programCheck("qemu-img", "--version", "qemu-utils", "it reads and makes qcow2 disks"),
  programCheck("tc", "-V", "iproute2", "it holds guests to their bandwidth"),
  programCheck("ipset", "--version", "ipset", "it tells tenants apart"),
  programCheck("iptables", "--version", "iptables", "it keeps tenants apart"),
  programCheck("conntrack", "--version", "conntrack", "it cuts connections that are no longer allowed"),
];
