import { stripVTControlCharacters } from "node:util";

/** A column: its title, and on which side its cells are flush. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/**
 * Lines of a table, its columns as wide as their widest cell. Colours in cells take no room.
 * @param rule paints the line under the titles, and the titles
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  rule: (text: string) => string = (text) => text,
): string[] {
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...rows.map((row) => widthOf(row[index]))));
  const line = (cells: readonly (string | undefined)[]): string =>
    columns
      .map(({ align }, index) => pad(cells[index] ?? "", widths[index] ?? 0, align ?? "left"))
      .join("  ")
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return [rule(line(titles)), rule(widths.map((width) => "─".repeat(width)).join("  ")), ...rows.map(line)];
}

const widthOf = (cell = ""): number => stripVTControlCharacters(cell).length;

function pad(cell: string, width: number, align: "left" | "right"): string {
  const room = " ".repeat(Math.max(0, width - widthOf(cell)));
  return align === "left" ? cell + room : room + cell;
}
