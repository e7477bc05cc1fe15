import { existsSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCConstants } from "../../scripts/c-constants.ts";
import { generate } from "../../scripts/generate.ts";
import { renderTable } from "../../scripts/render-table.ts";
import { parseRpcLanguage } from "../../scripts/rpc-language.ts";

const language = `
/* A comment. */
%#include "passed-over.h"
const PET_MAX = 0x10;
const REMOTE_PROGRAM = 7;
typedef string remote_nonnull_string<PET_MAX>;
typedef remote_nonnull_string *remote_string;
typedef opaque remote_uuid[UUID_BYTES];
enum virNetMessageType { VIR_NET_CALL = 0, VIR_NET_REPLY_WITH_FDS = 5 };
struct virNetMessageError { int code; };
struct remote_nonnull_pet { remote_nonnull_string name; remote_uuid uuid; };
union remote_value switch (int type) { case 1: int i; case WORD: unsigned hyper ul; };
struct remote_pet_feed_args { remote_nonnull_pet pet; remote_string what; remote_value how<3>; unsigned flags; };
struct remote_pet_feed_ret { unsigned char left[2]; opaque rest<>; };
struct remote_pet_event_meow_msg { int callbackID; };
enum remote_procedure {
  /**
   * @generate: both
   * @priority: high
   * @readstream: 1
   */
  REMOTE_PROC_PET_FEED = 1,
  /** @generate: both */
  REMOTE_PROC_PET_EVENT_MEOW = 2
};`;

const formatted = (name: string, text: string): string =>
  execFileSync("oxfmt", [`--stdin-filepath=${name}`], { input: text, encoding: "utf8" });
const committed = (name: string): string => readFileSync(join(import.meta.dirname, "../../src/protocol", name), "utf8");

describe("the generator", () => {
  it("reads the RPC language", () => {
    const rpc = parseRpcLanguage(
      language,
      new Map([
        ["UUID_BYTES", 16],
        ["WORD", 4],
      ]),
    );
    const table = renderTable(rpc, new Map(), "a test");
    expect(table).toContain("export const messageTypes = { call: 0, replyWithFds: 5 } as const;");
    expect(table).toContain("const petLayout = struct({ name: stringLayout, uuid: uuidLayout });");
    expect(table).toContain("const valueLayout = union({ 1: int, 4: uhyper });");
    expect(table).toContain(
      'petFeed: procedure("remote", 1, struct({ pet: petLayout, what: nullableStringLayout, how: list(valueLayout, 3), flags: uint }), ' +
        'struct({ left: fixedArray(uint, 2), rest: bytes(4294967295) }), { priority: "high", stream: "read" }),',
    );
    expect(table).toContain('petEventMeow: message("remote", 2, struct({ callbackID: int })),');
  });

  it("says where a text is not the RPC language", () => {
    expect(() => parseRpcLanguage("struct a { int b }", new Map())).toThrow(/} stands where ; should/);
    expect(() => parseRpcLanguage("typedef opaque a[MISSING];", new Map())).toThrow(/MISSING is not known/);
    expect(() => parseRpcLanguage("struct a {", new Map())).toThrow(/ends inside/);
  });

  it("evaluates what C headers name", () => {
    const header = `
      # define VIR_A (16)
      # define VIR_TEXT "no number"
      typedef enum { VIR_B = 3, VIR_C, /* comment, with a comma */ VIR_D = (1 << 4), VIR_E = VIR_D | VIR_B, VIR_F = -1
      # ifdef SOMETHING
      , VIR_G
      # endif
      } virThing;`;
    expect(Object.fromEntries(parseCConstants([header]))).toEqual({
      VIR_A: 16,
      VIR_B: 3,
      VIR_C: 4,
      VIR_D: 16,
      VIR_E: 19,
      VIR_F: -1,
      VIR_G: 0,
    });
  });

  const sources = process.env["LIBVIRT_SOURCES"] ?? "";
  const skipped =
    existsSync(join(sources, "src/remote/remote_protocol.x")) && sources !== ""
      ? undefined
      : "LIBVIRT_SOURCES names no folder with libvirt's sources";
  it.skipIf(skipped !== undefined)(
    `makes the committed files again${skipped === undefined ? "" : ` (skipped: ${skipped})`}`,
    () => {
      const { table, constants } = generate(sources);
      expect(formatted("table.ts", table)).toBe(committed("table.ts"));
      expect(formatted("constants.ts", constants)).toBe(committed("constants.ts"));
    },
  );
});
