import type { ChunkBackend } from "@cloudhost/core/ports";
import { fileSystemBackend } from "../backends/file-system.ts";
import { s3Backend } from "../backends/s3.ts";
import { invalidArgument } from "../failures.ts";

/** Printed where the argument is explained. */
export const repositoryHelp = `
REPO is where the images are:
  ./images  fs:/srv/images       a folder
  s3://BUCKET?endpoint=URL       a bucket; also &region=NAME and &path-style=false
The keys to a bucket come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, its region else from AWS_REGION.`;

/**
 * The store that REPO names.
 * @throws CloudHostError `INVALID_ARGUMENT`
 */
export function parseRepository(text: string, environment: NodeJS.ProcessEnv): ChunkBackend {
  if (text.startsWith("s3:")) return parseS3(text, environment);
  const path = text.startsWith("fs:") ? text.slice("fs:".length) : text;
  const isUrl = /^[a-z0-9+]+:\/\//.test(path);
  if (path === "" || isUrl) throw invalidArgument("REPO", `${text} is neither a folder nor s3://BUCKET?endpoint=URL.`);
  return fileSystemBackend(path);
}

function parseS3(text: string, environment: NodeJS.ProcessEnv): ChunkBackend {
  if (!URL.canParse(text)) throw invalidArgument("REPO", `${text} is not s3://BUCKET?endpoint=URL.`);
  const { hostname, pathname, searchParams } = new URL(text);
  const unknown = [...searchParams.keys()].find((name) => !["endpoint", "region", "path-style"].includes(name));
  if (unknown !== undefined) throw invalidArgument("REPO", `${unknown} is no option of s3://BUCKET?endpoint=URL.`);
  if (pathname.replace("/", "") !== "") throw invalidArgument("REPO", "A bucket is named without a path behind it.");
  const endpoint = searchParams.get("endpoint");
  if (endpoint === null) throw invalidArgument("REPO", "Say where the bucket is: s3://BUCKET?endpoint=URL.");
  const region = searchParams.get("region") ?? environment["AWS_REGION"];
  return s3Backend({
    endpoint,
    bucket: hostname,
    accessKeyId: secret(environment, "AWS_ACCESS_KEY_ID"),
    secretAccessKey: secret(environment, "AWS_SECRET_ACCESS_KEY"),
    pathStyle: searchParams.get("path-style") !== "false",
    ...(region === undefined ? {} : { region }),
  });
}

function secret(environment: NodeJS.ProcessEnv, name: string): string {
  const value = environment[name];
  if (value === undefined || value === "") throw invalidArgument(name, `Set ${name} in the environment.`);
  return value;
}
