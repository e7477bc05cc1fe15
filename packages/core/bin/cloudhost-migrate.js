#!/usr/bin/env node
// Plain JavaScript that any Node of the last ten years reads: it may be started by one that is too old for the rest.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const sources = "--conditions=@cloudhost/source";
const fromSources = process.execArgv.includes(sources);
const built = new URL("../dist/cli/migrate.js", import.meta.url);
const args = process.argv.slice(2);

if (Number(process.versions.node.split(".")[0]) < 24) {
  console.error(
    `cloudhost-migrate needs Node 24 or newer; this is ${process.version}. Install one from https://nodejs.org.`,
  );
  process.exitCode = 1;
} else if (fromSources || existsSync(built)) {
  const { migrateHere } = await import(fromSources ? "../src/cli/migrate.ts" : built.href);
  process.exitCode = await migrateHere(args);
} else {
  // A clone that was not built: its sources run as they are.
  const child = spawn(process.execPath, [sources, fileURLToPath(import.meta.url), ...args], { stdio: "inherit" });
  child.on("exit", (code) => {
    process.exitCode = code === null ? 1 : code;
  });
}
