import { describe, expect, it } from "vitest";
import { type LedgerEntry, sumLedger, zerosIn } from "../ledger.ts";

const ledgerOf = (...entries: LedgerEntry[]): string => entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
const booted: LedgerEntry = { kind: "guestBooted", guest: "srv_1" };
const read: LedgerEntry = { kind: "cgroupFile", path: "cpu.shares" };
const refused: LedgerEntry = { kind: "refusal", from: "10.0.0.2", to: "10.0.0.3" };
const sent = (bytes: number): LedgerEntry => ({ kind: "htbBytes", class: "internal 1:10", bytes });

describe("the ledger of the host tests", () => {
  it("adds up what its lines say", () => {
    expect(sumLedger(ledgerOf(booted, read, sent(500), read, sent(700), refused))).toEqual({
      guestsBooted: 1,
      cgroupFilesRead: 2,
      refusals: 1,
      htbBytes: { "internal 1:10": 1200 },
    });
  });

  it("has no zero when all was done", () => {
    expect(zerosIn(sumLedger(ledgerOf(booted, read, sent(1), refused)))).toEqual([]);
  });

  it("names what nobody did", () => {
    expect(zerosIn(sumLedger(""))).toEqual(["guestsBooted", "cgroupFilesRead", "refusals", "classes with bytes"]);
    expect(zerosIn(sumLedger(ledgerOf(booted, read, sent(0), refused)))).toEqual(["bytes in class internal 1:10"]);
  });

  it("refuses a line of another kind", () => {
    expect(() => sumLedger('{ "kind": "guestStarted", "guest": "srv_1" }\n')).toThrow(/kind/);
  });
});
