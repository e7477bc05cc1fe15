import { createHash } from "node:crypto";
import { z } from "zod";
import { CloudHostError } from "../errors.ts";
import { canonicalJson } from "../operations/canonical-json.ts";
import type { Position } from "./slice.ts";

/** A fingerprint of the list, and the position in it. Nothing else: who has the cursor has seen that item. */
const Content = z.tuple([z.string(), z.union([z.string(), z.int()]), z.string()]);

/**
 * What a cursor is good for: the same list, sorted and filtered alike, of the same project. So a cursor that was passed
 * to another list is refused, rather than giving a page from its middle.
 */
export const fingerprintOf = (list: object): string =>
  createHash("sha256").update(canonicalJson(list)).digest("base64url").slice(0, 12);

/** A position as callers carry it from page to page. */
export const cursorOf = (fingerprint: string, { key, id }: Position): string =>
  Buffer.from(JSON.stringify([fingerprint, key, id])).toString("base64url");

/**
 * The position that a cursor tells.
 * @throws CloudHostError `INVALID_ARGUMENT` for one of another list, or none of ours
 */
export function positionOf(fingerprint: string, cursor: string): Position {
  const [of, key, id] = contentOf(cursor);
  // What is not just as we write it was changed on its way.
  if (of !== fingerprint || cursorOf(of, { key, id }) !== cursor) throw strangeCursor();
  return { key, id };
}

/** A cursor that does not belong to what was asked for. */
export function strangeCursor(): CloudHostError<"INVALID_ARGUMENT"> {
  const message = "a cursor is `next` of the page before: of the same list, sorted and filtered alike";
  return new CloudHostError("INVALID_ARGUMENT", `This cursor is of another list: ${message}.`, {
    issues: [{ path: "after", message }],
  });
}

function contentOf(cursor: string): z.output<typeof Content> {
  try {
    return Content.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
  } catch {
    throw strangeCursor();
  }
}
