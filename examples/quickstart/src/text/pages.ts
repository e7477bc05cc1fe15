import type { QuickstartEvent } from "../events.ts";
import { endingPages } from "./ending-pages.ts";
import { imagePages } from "./image-pages.ts";
import { numberPages } from "./number-pages.ts";
import { openingPages } from "./opening-pages.ts";
import type { Palette } from "./palette.ts";
import type { Pages } from "./page.ts";
import { serverPages } from "./server-pages.ts";

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
