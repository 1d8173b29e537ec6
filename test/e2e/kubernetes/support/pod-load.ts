import { z } from "zod";
import { kubectl } from "./cluster.ts";
import { startPod, waitUntilEnded } from "./program-pod.ts";

const name = "http-load";

const report = z.object({ sent: z.number(), failed: z.array(z.string()) });

/**
 * Twenty requests a second each on connections that are kept and on new ones, to a Service of the cluster, until SIGTERM; then
 * prints how many there were and what failed.
 */
const program = `
  const http = require("node:http");
  const agents = [new http.Agent({ keepAlive: true, maxSockets: 4 }), new http.Agent({ keepAlive: false })];
  const [url] = process.argv.slice(1);
  let sent = 0;
  const failed = [];
  const ask = (agent) => {
    sent += 1;
    const fail = (why) => failed.push(new Date().toISOString() + " " + why + (agent.keepAlive ? " (kept)" : " (new)"));
    http
      .get(url, { agent, timeout: 5000 }, (answer) => {
        if (answer.statusCode !== 200) fail(answer.statusCode);
        answer.resume();
      })
      .on("timeout", function () { this.destroy(new Error("no answer in 5 s")); })
      .on("error", (error) => fail(error.code ?? error.message));
  };
  const timer = setInterval(() => agents.forEach(ask), 50);
  process.on("SIGTERM", () => {
    clearInterval(timer);
    setTimeout(() => {
      console.log(JSON.stringify({ sent, failed }));
      process.exit(0);
    }, 5500);
  });
`;

/** A pod that asks a Service over and over. */
export class PodLoad {
  private readonly namespace: string;

  private constructor(namespace: string) {
    this.namespace = namespace;
  }

  /** @param image one with Node.js in the cluster */
  static async start(namespace: string, image: string, url: string): Promise<PodLoad> {
    await startPod({ namespace, name, image, command: ["node", "--eval", program, url] });
    return new PodLoad(namespace);
  }

  /** Ends the load; returns how many requests there were, and what became of those that got no 200. */
  async stop(): Promise<z.output<typeof report>> {
    const inPod = ["--namespace", this.namespace, name];
    await kubectl(["exec", ...inPod, "--", "node", "--eval", "process.kill(1, 'SIGTERM')"]);
    await waitUntilEnded(this.namespace, name, 60);
    const printed = await kubectl(["logs", ...inPod]);
    await kubectl(["delete", "pod", ...inPod]);
    return report.parse(JSON.parse(printed));
  }
}
