import type { EventOf, QuickstartEvent } from "../events.ts";
import { endingPages } from "./ending-pages.ts";
import { imagePages } from "./image-pages.ts";
import { numberPages } from "./number-pages.ts";
import { openingPages } from "./opening-pages.ts";
import type { Palette } from "./palette.ts";
import { serverPages } from "./server-pages.ts";

/** How an event reads: its lines, without what sets them off from those before. */
export type Page<Name extends QuickstartEvent["event"]> = (event: EventOf<Name>, paint: Palette) => readonly string[];

/** Pages of some kinds of events. */
export type Pages<Name extends QuickstartEvent["event"]> = { readonly [Kind in Name]: Page<Kind> };

const pages: Pages<Exclude<QuickstartEvent["event"], "progress">> = {
  ...openingPages,
  ...imagePages,
  ...serverPages,
  ...numberPages,
  ...endingPages,
};

/** The lines that tell an event to a person. Progress has none: it is a bar, on a terminal. */
export function pageOf(event: QuickstartEvent, paint: Palette): readonly string[] {
  if (event.event === "progress") return [];
  return (pages[event.event] as (one: QuickstartEvent, palette: Palette) => readonly string[])(event, paint);
}
