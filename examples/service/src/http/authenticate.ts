import type { ActorCloud, Cloud } from "@cloudhost/core";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { IdentityProvider } from "../identity/identity-provider.ts";

const decorator = "cloud";

/** The cloud as whoever sent the request: every call is authorised as theirs. */
export const cloudOf = (request: FastifyRequest): ActorCloud => request.getDecorator<ActorCloud>(decorator);

/** Lets nobody to any route of `app` who is not known by a bearer token: they get 401. */
export function authenticate(app: FastifyInstance, cloud: Cloud, identity: IdentityProvider): void {
  app.decorateRequest(decorator);
  app.addHook("onRequest", async (request, reply) => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const actor = token === undefined ? undefined : await identity.actorOf(token);
    if (actor !== undefined) {
      request.setDecorator(decorator, cloud.as(actor));
      return undefined;
    }
    const message = token === undefined ? "Send a bearer token." : "Nobody gave out this token.";
    const error = { code: "UNAUTHENTICATED", message, details: {}, retryable: false };
    return reply.code(401).header("www-authenticate", "Bearer").send({ error });
  });
}
