import { parseCommandLine } from "./command-line.ts";
import { Stop } from "./stop.ts";

// npm runs scripts in the package's folder, and tells here where its user is.
const settings = parseCommandLine(process.argv.slice(2), process.env["INIT_CWD"] ?? process.cwd());
if (typeof settings === "number") {
  process.exitCode = settings;
} else {
  // Before all that takes a while to load, so that Ctrl-C is answered from the first moment.
  using stop = new Stop(process);
  const { run } = await import("./run.ts");
  process.exitCode = await run(settings, process, stop);
}
