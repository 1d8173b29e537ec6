import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { selfSigned } from "./certificate.ts";

/** A server of HTTPS that the application `worker` asks. */
export interface Depot {
  /** What the worker has to be given of it. */
  readonly env: { readonly DEPOT_URL: string; readonly DEPOT_CERTIFICATE: string };
  /** The header `traceparent` of each request, in their order. */
  readonly traceparents: readonly string[];
  readonly stop: () => void;
}

/** Starts a depot on a free port of 127.0.0.1, with a certificate that only those trust who are given it. */
export async function startDepot(): Promise<Depot> {
  const traceparents: string[] = [];
  const { key, cert } = selfSigned();
  const server = createServer({ key, cert }, ({ headers }, response) => {
    traceparents.push(String(headers["traceparent"]));
    response.end("ok");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    env: {
      DEPOT_URL: `https://localhost:${(server.address() as AddressInfo).port}/depot`,
      DEPOT_CERTIFICATE: cert,
    },
    traceparents,
    stop: () => {
      server.close();
    },
  };
}
