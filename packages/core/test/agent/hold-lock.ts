// A process that takes a folder and keeps it until it is killed.
import { lockFolder } from "../../src/agent/folder-lock.ts";

await lockFolder(process.argv[2] ?? "");
process.stdout.write("held\n");
setInterval(() => {}, 60_000);
