import assert from "node:assert/strict";
import { parsePeers } from "../shared/peers.ts";

describe("PEERS", () => {
  it("may be left out: services find each other by name on port 8080", () => {
    assert.deepEqual(parsePeers(), parsePeers(""));
    assert.deepEqual(parsePeers(), {
      backend: "http://backend:8080",
      "dlq-processor": "http://dlq-processor:8080",
      "event-replay": "http://event-replay:8080",
      "k8s-worker": "http://k8s-worker:8080",
      "pod-monitor": "http://pod-monitor:8080",
      "result-processor": "http://result-processor:8080",
      "saga-orchestrator": "http://saga-orchestrator:8080",
    });
  });

  it("moves the services it names", () => {
    const peers = parsePeers(" backend=http://127.0.0.1:4001/ , k8s-worker=https://k8s.example");
    assert.equal(peers.backend, "http://127.0.0.1:4001");
    assert.equal(peers["k8s-worker"], "https://k8s.example");
    assert.equal(peers["pod-monitor"], "http://pod-monitor:8080");
  });

  it("refuses an unknown service and an address that is none", () => {
    assert.throws(() => parsePeers("frontend=http://x"), {
      message:
        'PEERS: each entry must be <service>=<address>, got "frontend=http://x"; services are backend, dlq-processor, event-replay, k8s-worker, pod-monitor, result-processor, saga-orchestrator',
    });
    for (const address of ["127.0.0.1:4001", "", "ftp://x"]) {
      assert.throws(() => parsePeers(`backend=${address}`), {
        message: `PEERS: backend must be an http address, got "${address}"; use for example http://127.0.0.1:4001`,
      });
    }
  });
});
