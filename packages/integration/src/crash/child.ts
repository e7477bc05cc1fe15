import { appendFileSync } from "node:fs";
import { isCloudHostError, tokens } from "@cloudhost/core";
import { fakeFaults, fakePower } from "@cloudhost/driver-fake";
import { Container } from "inversify";
import { ChildTask } from "./child-task.ts";
import { filesIn, fleetIn, openCase, placesIn } from "./cloud-folder.ts";
import { letAllEnd } from "./recover.ts";
import { scenarios } from "./scenarios.ts";

const task = ChildTask.parse(JSON.parse(process.env["CLOUDHOST_CRASH_TASK"] ?? ""));
const places = placesIn(task.folder, task.database);
const reached = new Map<string | null, number>();
let begun = task.scenario === null;

const container = new Container();
container.bind(tokens.onBoundary).toConstantValue((boundary) => {
  if (!begun) return;
  for (const which of [boundary, null]) reached.set(which, (reached.get(which) ?? 0) + 1);
  appendFileSync(task.log, `${boundary}\n`);
  const { kill } = task;
  if (kill === null || (kill.boundary !== null && kill.boundary !== boundary)) return;
  if (reached.get(kill.boundary) === kill.time) process.kill(process.pid, "SIGKILL");
});

// Of the case's fake hosts, also where real ones run in their place: then nobody asks them.
const fleet = fleetIn(places);
const [faults, power] = [fakeFaults(fleet), fakePower(fleet)];
await using cloud = await openCase(places, { container, concurrency: 4, hosts: task.hosts ?? fleet, fence: power });
const ops = cloud.as({ userId: "olga", roles: ["operator"] });
const album = cloud.as({ userId: "amy", projectId: "album", roles: ["member"] });
const scenario = task.scenario === null ? undefined : scenarios[task.scenario];
if (scenario === undefined) await letAllEnd(cloud);
else {
  begun = true;
  if (task.fails) scenario.fail?.(faults, power);
  try {
    const operation = await scenario.run(album, { ops, files: filesIn(task.folder), fails: task.fails, faults });
    await operation?.result();
  } catch (error) {
    if (!task.fails || !isCloudHostError(error)) throw error;
  }
}
