import { extname } from "node:path";

/**
 * The URL of a worker thread's module that lies beside the importing one: `.ts` when the sources run as they are, `.js`
 * when the build does. The compiler rewrites the extensions of imports, but not those inside URLs.
 *
 * @param importingUrl the `import.meta.url` of the module that starts the worker
 * @param path relative to that module, without an extension
 * @example
 * new Worker(workerUrl(import.meta.url, "./heartbeat-worker"));
 */
export function workerUrl(importingUrl: string, path: string): URL {
  const importing = new URL(importingUrl);
  return new URL(`${path}${extname(importing.pathname)}`, importing);
}
