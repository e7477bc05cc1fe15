import type { EventOf, QuickstartEvent } from "../events.ts";
import type { Palette } from "./palette.ts";

/** How an event reads: its lines, without what sets them off from those before. */
export type Page<Name extends QuickstartEvent["event"]> = (event: EventOf<Name>, paint: Palette) => readonly string[];

/** Pages of some kinds of events. */
export type Pages<Name extends QuickstartEvent["event"]> = { readonly [Kind in Name]: Page<Kind> };
