/**
 * A steady sender in a process of its own, for a stack that only another network namespace reaches:
 * `node send-numbered.ts URLS SERVICE` sends until its standard input ends, waits for the stores, and prints how many of each
 * it has sent and they have.
 */
import { text } from "node:stream/consumers";
import { eventuallyStored, trickle, type Addresses } from "./numbered-telemetry.ts";

const [, , urls = "{}", service = ""] = process.argv;
const addresses: Addresses = { urls: JSON.parse(urls) as Addresses["urls"] };
const stop = trickle(addresses, service);
await text(process.stdin);
const sent = await stop();
process.stdout.write(JSON.stringify({ sent, stored: await eventuallyStored(addresses, service, sent) }));
