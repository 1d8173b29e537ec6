import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { resourceName } from "../config/urn.ts";

/** Milliseconds of silence after which the progress says what it is waiting for. */
const silenceMillis = 1800;

const doing: Readonly<Record<string, string>> = {
  create: "creating",
  update: "updating",
  delete: "deleting",
  replace: "replacing",
  "create-replacement": "creating",
  "delete-replaced": "deleting",
  refresh: "looking at",
};

/** What happened to a resource, by the operation of the engine that does it. A replacement is told once, by its new one. */
const changes = { create: "created", update: "updated", "create-replacement": "replaced", delete: "deleted" } as const;

/** What a deployment can do to a resource. */
export type Change = (typeof changes)[keyof typeof changes];

const isChange = (op: string): op is keyof typeof changes => op in changes;

/** Prints what a deployment does as plain lines, and at least one line every two seconds. */
export class Progress {
  /** Errors of Pulumi's engine so far; explained at the end (engine-failures.ts) instead of printed in between. */
  readonly problems: string[] = [];
  /** The resources that were changed so far, by their names. */
  readonly changed: { readonly change: Change; readonly name: string }[] = [];
  private readonly write: (line: string) => void;
  private readonly startedMillis = Date.now();
  private readonly running = new Map<string, { readonly text: string; readonly sinceMillis: number }>();
  private lastLineMillis = Date.now();
  private activity = "starting";
  private timer: NodeJS.Timeout | undefined;

  constructor(write: (line: string) => void) {
    this.write = write;
  }

  /** Begins a phase, which silence is then explained with. */
  phase(activity: string): void {
    this.activity = activity;
    this.line(activity);
    this.timer ??= setInterval(() => {
      this.heartbeat();
    }, 200);
  }

  /** Says more exactly what silence is to be explained with, and prints nothing. */
  waitingFor(activity: string): void {
    this.activity = activity;
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Takes an event of Pulumi's engine. */
  readonly onEvent = (event: EngineEvent): void => {
    if (event.resourcePreEvent !== undefined) {
      const { op, urn, type } = event.resourcePreEvent.metadata;
      this.begin(op, urn, type);
    } else if (event.resOutputsEvent !== undefined) {
      const { op, urn } = event.resOutputsEvent.metadata;
      if (this.running.has(urn) && isChange(op)) this.changed.push({ change: changes[op], name: resourceName(urn) });
      this.end(urn, "done");
    } else if (event.resOpFailedEvent !== undefined) {
      this.end(event.resOpFailedEvent.metadata.urn, "FAILED");
    } else if (event.diagnosticEvent?.severity === "error") {
      this.problems.push(plain(event.diagnosticEvent.message).trim());
    }
  };

  private begin(op: string, urn: string, type: string): void {
    const verb = doing[op];
    // Components are names for groups; what takes time is in them.
    if (verb === undefined || type.startsWith("pulumi:") || type.startsWith("observability:")) return;
    this.running.set(urn, { text: `${verb} ${resourceName(urn)} (${kind(type)})`, sinceMillis: Date.now() });
  }

  private end(urn: string, how: string): void {
    const { text } = this.running.get(urn) ?? {};
    this.running.delete(urn);
    if (text !== undefined && !(how === "done" && text.startsWith("looking at"))) this.line(`${text}: ${how}`);
  }

  private heartbeat(): void {
    if (Date.now() - this.lastLineMillis < silenceMillis) return;
    const [oldest, ...others] = [...this.running.values()].sort((a, b) => a.sinceMillis - b.sinceMillis);
    const more = others.length > 0 ? ` and ${others.length} more` : "";
    this.line(`… ${oldest === undefined ? this.activity : `${oldest.text}${more}`}`);
  }

  /** Prints one line with the seconds since the start in front. */
  readonly line = (text: string): void => {
    this.lastLineMillis = Date.now();
    const seconds = ((this.lastLineMillis - this.startedMillis) / 1000).toFixed(1).padStart(6);
    this.write(`${seconds}s  ${text}`);
  };
}

/** `docker:index/container:Container` is `container`. */
function kind(type: string): string {
  return type.slice(type.lastIndexOf(":") + 1).toLowerCase();
}

/** A diagnostic without the engine's colour marks. */
function plain(message: string): string {
  return message.replace(/<\{%[^%]*%\}>/g, "");
}
