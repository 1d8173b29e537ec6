import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import pWaitFor from "p-wait-for";
import type { Workspace } from "../../support/workspace.ts";

/** `npm run open` at work, as in a second terminal. */
export class Open {
  private readonly process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.process = process;
  }

  /** Starts it and waits until Grafana answers. */
  static async start(workspace: Workspace): Promise<Open> {
    // Without npm, which a signal ends by itself: the exit code is that of the command.
    const node = join(workspace.folder, "node_modules", ".bin", "node");
    const child = spawn(node, ["cli/commands/open.ts", "--target", "kubernetes"], {
      cwd: workspace.folder,
      env: workspace.env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    const open = new Open(child);
    const { grafana = "" } = (await workspace.outputs()).urls;
    await pWaitFor(async () => printed.includes(grafana) && (await answers(`${grafana}/api/health`)), {
      interval: 200,
      timeout: { milliseconds: 30_000, message: `npm run open does not reach Grafana at ${grafana}:\n${printed}` },
    });
    return open;
  }

  /** Ctrl-C; returns the exit code. */
  async stop(): Promise<number> {
    const ended = once(this.process, "exit");
    this.process.kill("SIGINT");
    const [code] = (await ended) as [number | null];
    return code ?? -1;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
