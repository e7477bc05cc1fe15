import { token } from "@cloudhost/core";
import type { Notifier } from "@cloudhost/core";
import type { Cursor } from "./events/cursor-file.ts";

/** What the service itself binds, beside cloudhost's own `tokens`. */
export const serviceTokens = {
  notifier: token<Notifier>("service.Notifier"),
  cursor: token<Cursor>("service.Cursor"),
} as const;
