import type { Say } from "./events.ts";
import { exitCodeOfFailure, failureOf } from "./failure.ts";
import { fakeTour } from "./fake-tour.ts";
import type { Settings } from "./settings.ts";
import { exitCodeOf } from "./stop.ts";
import type { Stop, StopName } from "./stop.ts";
import { TextReporter } from "./text/text-reporter.ts";

/** How long a stop may take, in milliseconds; then the process ends as it is, and the next run puts things right. */
const stopDeadlineMs = 15_000;

/**
 * Runs the tour and tells what happens.
 * @returns the exit code: 0 done, 1 failed, 3 somebody else has the folder, 128 + N ended by signal N
 */
export async function run(settings: Settings, process: NodeJS.Process, stop: Stop): Promise<number> {
  const { stdout: out, stderr: err } = process;
  const text = new TextReporter({ out, err });
  const say: Say = settings.json ? (event) => out.write(`${JSON.stringify(event)}\n`) : (event) => text.say(event);
  const stopped = (name: StopName, inTime: boolean): number => {
    say({ event: "stopped", signal: name, inTime, state: settings.state });
    return exitCodeOf(name);
  };
  stop.whenFired((name) => {
    say({ event: "stopping", signal: name });
    setTimeout(() => process.exit(stopped(name, false)), stopDeadlineMs).unref();
  });
  // A reader that has seen enough, such as head.
  out.on("error", () => stop.fire("SIGPIPE"));
  try {
    await fakeTour(settings, say, stop);
    return 0;
  } catch (error) {
    // Whatever it was that broke off, it was asked to.
    if (stop.name !== undefined) return stopped(stop.name, true);
    const failure = failureOf(error, settings);
    say(failure);
    return exitCodeOfFailure(failure);
  }
}
