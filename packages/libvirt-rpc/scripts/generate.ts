/**
 * Makes `src/protocol/table.ts` and `src/protocol/constants.ts` from libvirt's own sources, which are not part of this
 * repository. On Debian `apt-get source --download-only libvirt` fetches them:
 *
 *     node scripts/generate.ts SOURCES
 */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseCConstants } from "./c-constants.ts";
import { renderConstants, renderTable } from "./render-table.ts";
import { parseRpcLanguage } from "./rpc-language.ts";

/** Beside the public headers: what clients may ask a daemon for. */
const features = "src/libvirt_internal.h";

const protocolFiles = [
  "src/rpc/virnetprotocol.x",
  "src/rpc/virkeepaliveprotocol.x",
  "src/remote/remote_protocol.x",
  "src/remote/qemu_protocol.x",
  "src/remote/lxc_protocol.x",
];

/** The two files' texts, not formatted, of an unpacked source package. */
export function generate(sources: string): { table: string; constants: string } {
  const include = join(sources, "include/libvirt");
  const headers = readdirSync(include)
    .filter((name) => name.endsWith(".h") || name.endsWith(".h.in"))
    .toSorted(byUse);
  const paths = [...headers.map((name) => join(include, name)), join(sources, features)];
  const constants = parseCConstants(paths.map((path) => readFileSync(path, "utf8")));
  const protocol = protocolFiles.map((path) => readFileSync(join(sources, path), "utf8")).join("\n");
  const rpc = parseRpcLanguage(protocol, constants);
  const from = basename(sources).replace("-", " ");
  return { table: renderTable(rpc, constants, from), constants: renderConstants(constants, from) };
}

/** Headers that others use come first. */
function byUse(a: string, b: string): number {
  const order = ["libvirt-common.h.in", "libvirt-host.h", "libvirt-domain.h"];
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

if (import.meta.main) {
  const sources = process.argv[2];
  if (sources === undefined) {
    process.stderr.write("Say where libvirt's unpacked sources are: node scripts/generate.ts SOURCES\n");
    process.exit(2);
  }
  const { table, constants } = generate(sources);
  const target = join(import.meta.dirname, "../src/protocol");
  writeFileSync(join(target, "table.ts"), table);
  writeFileSync(join(target, "constants.ts"), constants);
}
