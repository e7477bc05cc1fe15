import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { TextReporter } from "../../src/text/text-reporter.ts";
import { events } from "../events.ts";

/** A stream that looks like a terminal, or like a file, and keeps what is written. */
function outputOf(terminal: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  const written: string[] = [];
  const through = new PassThrough();
  through.on("data", (chunk: Buffer) => written.push(chunk.toString()));
  const stream = Object.assign(through, {
    isTTY: terminal,
    columns: 100,
    hasColors: () => terminal,
    cursorTo: () => true,
    clearLine: () => true,
  }) as unknown as NodeJS.WriteStream;
  return { stream, text: () => written.join("") };
}

function report(terminal: boolean, ...said: (typeof events)[keyof typeof events][]) {
  const [out, err] = [outputOf(terminal), outputOf(terminal)];
  const reporter = new TextReporter({ out: out.stream, err: err.stream });
  for (const event of said) reporter.say(event);
  return { out: out.text(), err: err.text() };
}

describe("the text", () => {
  it("has no colour and no bar where there is no terminal", () => {
    const { out } = report(false, events.started, events.progress, events.project, events.done);
    expect(out).not.toContain("\u001B");
    expect(out).not.toContain("62 %");
    expect(out).toContain("   Project album is new, with the default quotas.\n");
  });

  it("has both on a terminal, and the bar goes before the next line", () => {
    const { out } = report(true, events.started, events.progress, events.project);
    expect(out).toContain("\u001B[1mcloudhost quickstart");
    expect(out.indexOf("importing")).toBeGreaterThan(0);
    expect(out.indexOf("Project")).toBeGreaterThan(out.indexOf("importing"));
    // The cursor is shown again.
    expect(out.lastIndexOf("\u001B[?25h")).toBeGreaterThan(out.lastIndexOf("\u001B[?25l"));
  });

  it("tells failures where failures are told", () => {
    const { out, err } = report(false, events.failed);
    expect({ out, err }).toEqual({ out: "", err: "Another quickstart is at work.\nLet it end.\n" });
  });
});
