import { strangeCursor } from "../lists/cursor.ts";
import type { Position, Slice, SliceRequest } from "../lists/slice.ts";
import type { Database } from "./database.ts";
import type { Binding, Statement } from "./script.ts";

/** A condition, `?` for each binding. */
export interface Condition {
  readonly sql: string;
  readonly bindings: readonly Binding[];
}

/** What a list can be sorted by: a column that is never NULL, as the query names it. */
export interface SortColumn {
  readonly column: string;
  readonly type: "text" | "integer";
}

/** What every page query needs to know of its list. */
export interface PageQueryOptions<Sort extends string> {
  /** What is read of what, joins included: `SELECT s.* FROM servers s`. */
  readonly select: string;
  readonly sorts: Readonly<Record<Sort, SortColumn>>;
  /** What tells rows apart that are sorted alike. */
  readonly id: string;
}

/**
 * One page of a table, read along an index: what comes behind the last row of the page before, `(column, id) > (?, ?)`,
 * so that a deep page costs what the first one does, and nothing is skipped or repeated when rows come and go.
 * Conditions are put together first; what is `undefined` is no condition.
 */
export class PageQuery<Row extends object, Sort extends string> {
  readonly #options: PageQueryOptions<Sort>;
  readonly #all: Condition[] = [];
  readonly #groups: (readonly Condition[])[] = [];

  constructor(options: PageQueryOptions<Sort>) {
    this.#options = options;
  }

  /** Rows for which it holds. */
  where(sql: string, ...bindings: readonly Binding[]): this {
    this.#all.push({ sql, bindings });
    return this;
  }

  equal(column: string, value: Binding | undefined): this {
    return value === undefined ? this : this.where(`${column} = ?`, value);
  }

  atLeast(column: string, value: Binding | undefined): this {
    return value === undefined ? this : this.where(`${column} >= ?`, value);
  }

  below(column: string, value: Binding | undefined): this {
    return value === undefined ? this : this.where(`${column} < ?`, value);
  }

  /** Text that begins so: a range of an index on the column. */
  begins(column: string, prefix: string | undefined): this {
    if (prefix === undefined) return this;
    const last = prefix.charCodeAt(prefix.length - 1);
    return this.atLeast(column, prefix).below(column, prefix.slice(0, -1) + String.fromCharCode(last + 1));
  }

  /** Rows that have any of these values. */
  oneOf(column: string, values: readonly Binding[] | undefined): this {
    return values === undefined
      ? this
      : this.either(...values.map((value) => ({ sql: `${column} = ?`, bindings: [value] })));
  }

  /**
   * Rows for which one of these holds; for no row may two hold. Each is a range of an index of its own, read as far as
   * the page goes, and the page is merged from them: with OR in one condition, all that it finds would be sorted.
   */
  either(...conditions: readonly Condition[]): this {
    this.#groups.push(conditions);
    return this;
  }

  /** @throws CloudHostError `INVALID_ARGUMENT` for a position of another list */
  async read(database: Database, part: SliceRequest<Sort>): Promise<Slice<Row>> {
    const { sql, bindings } = this.statement(part);
    const rows = await database.select<Row>(sql, bindings);
    if (rows.length <= part.limit) return { items: rows, next: undefined };
    const items = rows.slice(0, part.limit);
    return { items, next: this.#positionOf(items.at(-1) as Row, part.sort) };
  }

  /** The query of one page, with one row more than asked for: whether there is one tells whether a page comes behind. */
  statement({ limit, sort, order = "asc", after }: SliceRequest<Sort>): Statement {
    const { select, sorts, id } = this.#options;
    const { column, type } = sorts[sort];
    const columns = column === id ? [id] : [column, id];
    const sorted = (names: readonly string[]): string =>
      `ORDER BY ${names.map((name) => (order === "asc" ? name : `${name} DESC`)).join(", ")} LIMIT ${limit + 1}`;
    const all = after === undefined ? this.#all : [...this.#all, behind(columns, order, keyOf(after, type))];
    const queries = combinations(this.#groups).map((group) => {
      const conditions = [...all, ...group];
      const where = conditions.length === 0 ? "" : `WHERE ${conditions.map(({ sql }) => sql).join(" AND ")} `;
      return {
        sql: `${select} ${where}${sorted(columns)}`,
        bindings: conditions.flatMap((condition) => condition.bindings),
      };
    });
    const [only] = queries;
    if (only !== undefined && queries.length === 1) return only;
    const parts = queries.map(({ sql }, index) => `SELECT * FROM (${sql}) part_${index}`);
    return {
      sql: `${parts.join(" UNION ALL ")} ${sorted(columns.map(unqualified))}`,
      bindings: queries.flatMap((query) => query.bindings),
    };
  }

  #positionOf(row: Row, sort: Sort): Position {
    const value = (column: string): unknown => (row as Readonly<Record<string, unknown>>)[unqualified(column)];
    return {
      key: value(this.#options.sorts[sort].column) as string | number,
      id: value(this.#options.id) as string,
    };
  }
}

function behind(columns: readonly string[], order: "asc" | "desc", { key, id }: Position): Condition {
  const marks = columns.map(() => "?").join(", ");
  const sql = `(${columns.join(", ")}) ${order === "asc" ? ">" : "<"} (${marks})`;
  return { sql, bindings: columns.length === 1 ? [id] : [key, id] };
}

/** The position, where it can be one of that column: a cursor is only carried by callers, and may be made up. */
function keyOf(position: Position, type: SortColumn["type"]): Position {
  const fits = type === "integer" ? Number.isSafeInteger(position.key) : typeof position.key === "string";
  if (!fits || /\p{Cc}/u.test(`${position.key}${position.id}`)) throw strangeCursor();
  return position;
}

/** Every way to take one condition of each group. */
const combinations = (groups: readonly (readonly Condition[])[]): readonly (readonly Condition[])[] =>
  groups.reduce<readonly (readonly Condition[])[]>(
    (taken, group) => taken.flatMap((before) => group.map((condition) => [...before, condition])),
    [[]],
  );

const unqualified = (column: string): string => column.slice(column.indexOf(".") + 1);
