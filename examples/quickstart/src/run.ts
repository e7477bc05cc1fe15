import type { Say } from "./events.ts";
import { exitCodeOfFailure, failureOf } from "./failure.ts";
import { fakeTour } from "./fake-tour.ts";
import { findGuest } from "./libvirt/guest-image.ts";
import { enterNamespaces, insideNamespaces, requireRoot } from "./libvirt/namespaces.ts";
import { libvirtTour } from "./libvirt-tour.ts";
import type { Settings } from "./settings.ts";
import { exitCodeOf } from "./stop.ts";
import type { Stop, StopName } from "./stop.ts";
import { TextReporter } from "./text/text-reporter.ts";

/**
 * How long a stop may take, in milliseconds; then the process ends as it is, and the next run puts things right. Real
 * guests are deleted first.
 */
const stopDeadlineMs = { fake: 15_000, libvirt: 60_000 };

/**
 * Runs the tour and tells what happens.
 * @returns the exit code: 0 done, 1 failed, 3 somebody else has the folder, 128 + N ended by signal N
 */
export async function run(settings: Settings, process: NodeJS.Process, stop: Stop): Promise<number> {
  const { stdout: out, stderr: err } = process;
  using text = new TextReporter({ out, err });
  const say: Say = settings.json ? (event) => out.write(`${JSON.stringify(event)}\n`) : (event) => text.say(event);
  const stopped = (name: StopName, inTime: boolean): number => {
    say({ event: "stopped", signal: name, inTime, state: settings.state });
    return exitCodeOf(name);
  };
  stop.whenFired((name) => {
    say({ event: "stopping", signal: name });
    setTimeout(() => process.exit(stopped(name, false)), stopDeadlineMs[settings.driver]).unref();
  });
  // A reader that has seen enough, such as head.
  out.on("error", () => stop.fire("SIGPIPE"));
  try {
    if (settings.driver === "fake") await fakeTour(settings, say, stop);
    else await withRealGuests(settings, say, stop, text);
    return 0;
  } catch (error) {
    // Whatever it was that broke off, it was asked to. What could not be put away has thrown as well.
    if (stop.name !== undefined) return stopped(stop.name, !(error instanceof SuppressedError));
    const failure = failureOf(error, settings);
    say(failure);
    return exitCodeOfFailure(failure);
  }
}

/** The guest is built where there is still a network to fetch its packages from; the rest happens in namespaces. */
async function withRealGuests(settings: Settings, say: Say, stop: Stop, text: TextReporter): Promise<void> {
  requireRoot();
  if (settings.uri !== undefined || insideNamespaces()) return libvirtTour(settings, say, stop);
  say({ event: "progress", of: "building a guest image", step: "", percent: 0 });
  await findGuest(stop.signal);
  stop.throwIfStopped();
  text[Symbol.dispose]();
  return enterNamespaces();
}
