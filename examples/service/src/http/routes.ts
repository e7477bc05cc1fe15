/* oxlint-disable oxc/no-async-endpoint-handlers -- Express loses what such handlers throw; Fastify does not. */
import type { Cloud, CreateServer, ListServers, OperationHandle } from "@cloudhost/core";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { IdentityProvider } from "../identity/identity-provider.ts";
import { authenticate, cloudOf } from "./authenticate.ts";
import { answerError, answerNoRoute } from "./errors.ts";

/** What {@link cloudRoutes} serves. */
export interface RouteOptions {
  readonly cloud: Cloud;
  readonly identity: IdentityProvider;
}

interface ById {
  readonly Params: { readonly id: string };
}
interface Repeatable {
  /** The same key with the same request is the same operation. */
  readonly Headers: { readonly "idempotency-key"?: string };
}

/** Numbers arrive as text. Everything else cloudhost itself checks, and says what is wrong where. */
const numbers = { querystring: { type: "object", properties: { limit: { type: "integer" } } } };

/** A part of an HTTP service that gives people their servers: `app.register(cloudRoutes, { cloud, identity })`. */
export async function cloudRoutes(app: FastifyInstance, { cloud, identity }: RouteOptions): Promise<void> {
  authenticate(app, cloud, identity);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNoRoute);

  app.post<Repeatable & { Body: CreateServer }>("/servers", async (request, reply) => {
    const key = request.headers["idempotency-key"];
    const input = key === undefined ? request.body : { ...request.body, idempotencyKey: key };
    return accepted(reply, await cloudOf(request).servers.create(input));
  });

  app.get<{ Querystring: ListServers }>("/servers", { schema: numbers }, (request) =>
    cloudOf(request).servers.list(request.query).page(),
  );

  app.get<ById>("/servers/:id", (request) => cloudOf(request).servers.get(request.params.id));

  app.delete<ById & Repeatable>("/servers/:id", async (request, reply) => {
    const key = request.headers["idempotency-key"];
    const input = key === undefined ? {} : { idempotencyKey: key };
    return accepted(reply, await cloudOf(request).servers.delete(request.params.id, input));
  });

  app.get<ById>("/operations/:id", (request) => cloudOf(request).operations.get(request.params.id));

  app.get("/quota", async (request) => ({ items: await cloudOf(request).quotas.get() }));
}

/** It is durable by now, and goes on whatever becomes of the caller: who asks for the operation sees how far it is. */
const accepted = (reply: FastifyReply, { id, resourceId }: OperationHandle<unknown>) =>
  reply.code(202).header("location", `/operations/${id}`).send({ operationId: id, serverId: resourceId });
