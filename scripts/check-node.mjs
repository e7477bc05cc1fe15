// Runs on any Node, before what needs a new one: a sentence in place of a crash.
import { readFileSync } from "node:fs";

const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const needed = Number(/\d+/.exec(engines.node)?.[0]);
const found = process.versions.node;
if (Number(found.split(".")[0]) < needed) {
  process.stderr.write(
    `cloudhost needs Node ${needed} or newer, and this is Node ${found}. ` +
      "Run `npm ci`: it installs one for this project, which `npm run` and `npm test` then use.\n",
  );
  process.exit(1);
}
