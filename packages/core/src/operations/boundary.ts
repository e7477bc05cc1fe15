/**
 * Told of every point between two effects, just before what follows: crash tests kill the process there. Its name says
 * where: `server.create do claim: committed`.
 */
export type OnBoundary = (name: string) => void;
