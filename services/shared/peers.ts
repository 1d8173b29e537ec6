import { isServiceName, serviceNames, type ServiceName } from "./destinations.ts";

/** Base address of every service. */
export type Peers = Readonly<Record<ServiceName, string>>;

/**
 * Where the services find each other: `http://<service>:8080`, except for those named in `PEERS`
 * (`backend=http://127.0.0.1:4001,k8s-worker=http://127.0.0.1:4002`).
 *
 * @throws Error when an entry names no service or no http address.
 */
export function parsePeers(text = ""): Peers {
  const peers = Object.fromEntries(serviceNames.map((name) => [name, `http://${name}:8080`])) as Record<
    ServiceName,
    string
  >;
  for (const entry of text.split(",").filter((part) => part.trim() !== "")) {
    const [name = "", address = ""] = entry.split("=", 2).map((part) => part.trim());
    if (!isServiceName(name)) {
      throw new Error(
        `PEERS: each entry must be <service>=<address>, got "${entry}"; services are ${serviceNames.join(", ")}`,
      );
    }
    if (!/^https?:$/.test(URL.parse(address)?.protocol ?? "")) {
      throw new Error(
        `PEERS: ${name} must be an http address, got "${address}"; use for example http://127.0.0.1:4001`,
      );
    }
    peers[name] = address.replace(/\/+$/, "");
  }
  return peers;
}
