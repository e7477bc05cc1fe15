import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The repository. */
export const root: string = join(import.meta.dirname, "..");

/** What our scripts read of a package.json. */
export interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<
    Record<string, string | Readonly<Record<"@cloudhost/source" | "types" | "default", string>>>
  >;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** A package of ours and where it is. */
export interface Workspace {
  /** From the root: `packages/core`. */
  readonly folder: string;
  readonly json: PackageJson;
}

const workspacesIn = (parent: string, base: string): Workspace[] =>
  readdirSync(join(base, parent)).map((name) => {
    const folder = `${parent}/${name}`;
    return { folder, json: JSON.parse(readFileSync(join(base, folder, "package.json"), "utf8")) as PackageJson };
  });

/** Every package under `packages/`, by name. */
export const packages = (base: string = root): readonly Workspace[] => workspacesIn("packages", base);

/** Those that are published. */
export const publicPackages = (base: string = root): readonly Workspace[] =>
  packages(base).filter(({ json }) => json.private !== true);

/** Every package and every example. */
export const workspaces = (base: string = root): readonly Workspace[] => [
  ...packages(base),
  ...workspacesIn("examples", base),
];
