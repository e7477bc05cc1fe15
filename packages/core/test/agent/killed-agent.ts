// A process with an agent that kills itself at a boundary: node killed-agent.ts FOLDER BOUNDARY COMMAND
import { CloudHostError, systemClock } from "../../src/ports/index.ts";
import type { HostCommand } from "../../src/ports/index.ts";
import { StubAgent } from "./stubs/open-stub.ts";

const [folder = "", boundary = "", command = ""] = process.argv.slice(2);
const stub = await StubAgent.open({
  clock: systemClock(),
  stateDir: folder,
  agent: {
    onBoundary(name) {
      if (name === boundary) process.kill(process.pid, "SIGKILL");
    },
  },
});
const accepted = await stub.bus.send(stub.name, JSON.parse(command) as HostCommand);
if (!accepted.accepted) throw CloudHostError.from(accepted.error.message);
setInterval(() => {}, 60_000);
