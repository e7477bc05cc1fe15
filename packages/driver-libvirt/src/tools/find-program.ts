import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { CloudHostError } from "@cloudhost/core/ports";

/** Daemons and administrators' tools lie here, and not on everybody's path. */
const systemFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/**
 * The absolute path of a program.
 * @param install the Debian package that has it
 * @throws CloudHostError `DEPENDENCY_MISSING`, with how to get it
 */
export async function findProgram(name: string, install: string): Promise<string> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== ""), ...systemFolders];
  for (const folder of folders) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  const remedy = `apt-get install ${install}`;
  throw new CloudHostError("DEPENDENCY_MISSING", `${name} is not on this machine. On Debian: ${remedy}.`, {
    dependency: name,
    remedy,
  });
}
