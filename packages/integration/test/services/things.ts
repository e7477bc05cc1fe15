/** What there is of a project for one actor to try everything on, by its id or its name. */
export interface Things {
  /** Part of names that are only this world's. */
  readonly mark: string;
  readonly server: string;
  /** A server whose resize waits to be confirmed. */
  readonly resized: string;
  readonly image: string;
  readonly keypair: string;
  readonly group: string;
  readonly operation: string;
  /** Operations that were cancelled, and that are stuck. */
  readonly cancelled: string;
  readonly stuck: string;
  readonly hopeless: string;
  /** In a zone of its own, with a host that dies and one that takes it. */
  readonly stranded: string;
  readonly webhook: string;
  /** Of that webhook, and dead. */
  readonly delivery: string;
  readonly folder: string;
  /** A guest on the first host that came past us. */
  readonly stranger: string;
}
