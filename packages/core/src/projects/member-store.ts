import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import { guarded, insertInto } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { sliceOf } from "../lists/slice.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { Clock } from "../ports/clock.ts";
import type { Member, MemberRole } from "./model.ts";
import { projectKnownMs } from "./store.ts";

interface MemberRow {
  readonly user_id: string;
  readonly role: MemberRole;
  readonly created_at_ms: number;
}

/** Which members to find. */
export interface FindMembers {
  readonly projectId: string;
  readonly role?: MemberRole | undefined;
}

const sorts = {
  userId: { column: "user_id", type: "text" },
  createdAt: { column: "created_at_ms", type: "integer" },
} as const;

/** Who is in which project, and as what. */
export class MemberStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly role: MemberRole | undefined; readonly untilMs: number }>();
  #changes = 0;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** A new member. Guard `member`: they are one already. */
  add(projectId: string, { userId, role, createdAtMs }: Member): Statement {
    const row = { project_id: projectId, user_id: userId, role, created_at_ms: createdAtMs };
    const { sql, bindings } = insertInto(this.#database.tables.project_members, row);
    return guarded("member", `${sql} ON CONFLICT DO NOTHING`, bindings);
  }

  /** Guard `member`: they are none. */
  setRole(projectId: string, userId: string, role: MemberRole): Statement {
    const sql = `UPDATE ${this.#database.tables.project_members} SET role = ? WHERE project_id = ? AND user_id = ?`;
    return guarded("member", sql, [role, projectId, userId]);
  }

  /** Guard `member`: they are none. */
  remove(projectId: string, userId: string): Statement {
    const sql = `DELETE FROM ${this.#database.tables.project_members} WHERE project_id = ? AND user_id = ?`;
    return guarded("member", sql, [projectId, userId]);
  }

  /** What somebody is in a project, as it was at most {@link projectKnownMs} ago; `undefined` for nobody there. */
  async roleOf(projectId: string, userId: string): Promise<MemberRole | undefined> {
    const key = `${projectId} ${userId}`;
    const known = this.#known.get(key);
    if (known !== undefined && known.untilMs > this.#clock.nowMs()) return known.role;
    const changes = this.#changes;
    const { role } = (await this.get(projectId, userId)) ?? {};
    if (this.#known.size >= knownMost) this.#known.clear();
    if (changes === this.#changes) this.#known.set(key, { role, untilMs: this.#clock.nowMs() + projectKnownMs });
    return role;
  }

  /** Something was changed here: nothing of before is remembered. */
  forget(): void {
    this.#changes += 1;
    this.#known.clear();
  }

  async get(projectId: string, userId: string): Promise<Member | undefined> {
    const { read, tables } = this.#database;
    const query = read(tables.project_members).where({ project_id: projectId, user_id: userId });
    const row = await this.#database.first<MemberRow>(query);
    return row === undefined ? undefined : memberOf(row);
  }

  async find(where: FindMembers, part: SliceRequest<keyof typeof sorts>): Promise<Slice<Member>> {
    const select = `SELECT * FROM ${this.#database.tables.project_members}`;
    const query = new PageQuery<MemberRow, keyof typeof sorts>({ select, sorts, id: "user_id" })
      .equal("project_id", where.projectId)
      .equal("role", where.role);
    return sliceOf(await query.read(this.#database, part), memberOf);
  }
}

/** So many are remembered at once. */
const knownMost = 10_000;

const memberOf = (row: MemberRow): Member => ({ userId: row.user_id, role: row.role, createdAtMs: row.created_at_ms });
