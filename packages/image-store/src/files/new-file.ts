import { access, link, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { CloudHostError } from "@cloudhost/core/ports";
import { fileFailure, systemCode } from "../failures.ts";
import { syncFolder } from "./durable.ts";

/** @throws CloudHostError `CONFLICT` when there is something at this path */
export async function refuseExisting(path: string): Promise<void> {
  try {
    await access(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw fileFailure(error, path);
  }
  throw exists(path);
}

/**
 * Moves a finished, synced file to its path, durably, unless something came there meanwhile.
 * @throws CloudHostError `CONFLICT`
 */
export async function placeNewFile(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
    await rm(temporary);
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST") throw exists(path);
    // A file system without hard links: there the two steps are not one.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw fileFailure(error, path);
    await refuseExisting(path);
    await rename(temporary, path);
  }
  await syncFolder(dirname(path));
}

const exists = (path: string): CloudHostError =>
  new CloudHostError("CONFLICT", `There is a file ${path} already; it is not overwritten.`, {
    state: "there",
    allowed: ["absent"],
  });
